"""The real Gitea, whose container registry has the images."""

from __future__ import annotations

from tests.gitea_sandbox import gitea

__all__ = ["gitea"]
