"""The real Gitea, whose registry holds images beside its repositories."""

from __future__ import annotations

from tests.gitea_sandbox import gitea

__all__ = ["gitea"]
