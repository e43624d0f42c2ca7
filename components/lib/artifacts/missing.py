"""What a repository does not have, said with what it has instead."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from components.errors import ArtifactError
from components.lib.policies.versions import nearest

if TYPE_CHECKING:
    from collections.abc import Collection

    from components.lib.registry.mirrors import Address

__all__ = ["chart_error", "version_error"]


def chart_error(
    repository: Address | str, chart: str, charts: Collection[str] = ()
) -> ArtifactError:
    """Return the error for a chart that is not in the repository, with names like it."""
    close = get_close_matches(chart, charts)
    hint = f"; did you mean {' or '.join(close)}?" if close else "; correct its name or the URL."
    return ArtifactError(f"The repository {repository} has no chart {chart!r}{hint}")


def version_error(
    repository: Address | str, chart: str, wanted: str, versions: Collection[str]
) -> ArtifactError:
    """Return the error for a version or range that a chart does not have, with those around it."""
    near = nearest(wanted, versions)
    hint = f"the nearest are {', '.join(near)}" if near else "it has no version at all"
    return ArtifactError(
        f"The repository {repository} has no version {wanted!r} of the chart {chart!r}; {hint}.",
    )
