"""The full report as one HTML file that stands alone: every field of every object."""

from __future__ import annotations

import difflib
import graphlib
import itertools
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

import jinja2

from sluice.diff.change import VERBS, FieldDifference
from sluice.report.changed_graph import changed_graph
from sluice.report.record import StackPreview, shown_operations, title
from sluice.report.values import as_text
from sluice.status.drawing import svg

__all__ = ["page"]

_COMMIT: Final = 10


def page(previews: Sequence[StackPreview]) -> str:
    """Return the report on the previews of one commit; it loads nothing and runs nothing."""
    commit = previews[0].commit[:_COMMIT] if previews else "it"
    return _template().render(
        heading=f"What merging {commit} changes",
        previews=previews,
        losses=[(each.stack, change) for each in previews for change in each.dangerous],
        operations=shown_operations(previews),
        verbs=VERBS,
        drawings={each.stack: _drawing(each) for each in previews},
        title=title,
        as_text=as_text,
        lines=_lines,
    )


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("sluice.report", ""),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.jinja")


def _drawing(preview: StackPreview) -> str:
    graph, operations = changed_graph(preview)
    try:
        return svg(graph) if operations else ""
    except graphlib.CycleError:  # what is not trusted may say anything of itself
        return ""


def _lines(field: FieldDifference) -> Iterator[tuple[str, str]]:
    """Yield each line of a field with `-`, `+` or a space; most that stay are left out."""
    before, after = (
        [] if each is None else as_text(each).split("\n") for each in (field.before, field.after)
    )
    compared = difflib.unified_diff(before, after, lineterm="", n=2)
    for line in itertools.islice(compared, 2, None):
        if not line.startswith("@@"):
            yield line[0], line[1:]
