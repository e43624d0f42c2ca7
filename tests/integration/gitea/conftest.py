"""The real Gitea and its real runner."""

from __future__ import annotations

from tests.gitea_sandbox import gitea

__all__ = ["gitea"]
