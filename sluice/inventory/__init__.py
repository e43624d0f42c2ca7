"""What is deployed: components, their objects, and the deployments that brought them.

How that is shown belongs in `sluice.status`.
"""
