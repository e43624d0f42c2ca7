"""Manifests of a directory: kustomized, substituted, decrypted, and checked for health."""
