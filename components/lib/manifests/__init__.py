"""Kubernetes manifests as plain data: validating, comparing, patching and identifying them.

Pure functions over dictionaries whose leaves may be Pulumi outputs. What
registers resources belongs in `components.base`, what fetches artifacts in
`components.lib.artifacts`.
"""
