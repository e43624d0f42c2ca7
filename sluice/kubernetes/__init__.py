"""Kubernetes' API: JSON in, JSON out. Sluice itself asks a stack's cluster only through this room.

What a stack has on a cluster belongs in `sluice.inventory`. A server of the sandbox that
starts is asked in `sluice.sandbox.control_plane`; what an
update applies, Pulumi sends; what a chart looks up and tests, Helm asks.
"""
