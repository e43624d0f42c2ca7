"""What every platform has: namespaces, tenants, clusters, health checks, alerts."""
