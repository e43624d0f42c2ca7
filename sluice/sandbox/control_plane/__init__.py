"""A Kubernetes control plane as processes: certificates, programs, and when it is ready."""
