"""Secrets that stand encrypted in Git, or are read from a store in the cluster."""
