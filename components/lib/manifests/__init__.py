"""Kubernetes manifests as plain data: validating, patching, substituting and rendering them.

Pure functions over dictionaries whose leaves may be Pulumi outputs. What
registers resources belongs in `components.base`, what fetches artifacts in
`components.lib.artifacts`.
"""
