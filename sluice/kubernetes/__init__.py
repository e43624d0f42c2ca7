"""Kubernetes' API, and the only place that knows it: JSON in, JSON out.

What a stack has on a cluster belongs in `sluice.inventory`.
"""
