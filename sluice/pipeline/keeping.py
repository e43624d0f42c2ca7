"""The previews of a commit, kept as a generic package of Gitea's: for people, and for the merge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from sluice.errors import GiteaError
from sluice.gitea.client import Gitea
from sluice.output import as_json
from sluice.report.page import page
from sluice.report.record import StackPreview

__all__ = ["keep", "kept", "package"]

_PREVIEWS: Final = "previews.json"
_REPORT: Final = "report.html"
_NOT_FOUND: Final = 404


def package(gitea: Gitea) -> str:
    """Return the package's name; its versions are commits."""
    return f"{gitea.name}-previews"


def keep(gitea: Gitea, commit: str, previews: Sequence[StackPreview]) -> str:
    """Keep a commit's previews and the full report on them, in place of earlier ones of it.

    Returns the report's address.
    """
    content = as_json(list(previews)).encode()
    gitea.upload_package(package(gitea), commit, _PREVIEWS, content)
    return gitea.upload_package(package(gitea), commit, _REPORT, page(previews).encode())


def kept(gitea: Gitea, commit: str) -> list[StackPreview]:
    """Return the previews that are kept of a commit; none where there are none.

    Raises:
        GiteaError: where what is kept is no previews.

    """
    try:
        content = gitea.download_package(package(gitea), commit, _PREVIEWS)
    except GiteaError as error:
        if error.status == _NOT_FOUND:
            return []
        raise
    try:
        return msgspec.json.decode(content, type=list[StackPreview])
    except msgspec.MsgspecError as error:
        raise GiteaError(f"{package(gitea)} {commit}: {_PREVIEWS} is damaged: {error}") from error
