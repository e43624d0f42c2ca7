"""Where charts and manifests come from: Git, Helm and OCI repositories."""
