"""Real Kubernetes control planes, a chart repository and a Gitea on one machine, without Docker.

What the platform deploys onto them belongs in `stacks`, and how their programs
are obtained in `toolchain`.
"""
