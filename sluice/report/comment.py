"""The pull request's comment: what merging it does, as Markdown that Gitea takes.

Gitea's API sets no limit for a comment. What lies between does (a proxy's megabyte),
and so does a reader's patience: what is longer is cut, stack by
stack, and the full report is linked.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from sluice.diff.change import VERBS, PlannedChange
from sluice.report.changed_graph import mermaid_of_changes
from sluice.report.escaping import code, text
from sluice.report.links import version_link
from sluice.report.record import StackPreview, counted, shown_operations, title
from sluice.report.values import around

__all__ = ["LABEL", "LIMIT", "Place", "comment"]

LABEL: Final = "sluice/allow-data-loss"
"""The pull request's label without which nothing that loses data is merged."""
LIMIT: Final = 60_000
"""Bytes of the longest comment; GitHub, whose tools read Gitea too, takes 65 536 characters."""

_LOSSES: Final = 12
_NOTES: Final = 5
_FIELDS: Final = 8
_FINDINGS: Final = 5
_BRIEF: Final = 40
_COMMIT: Final = 10


@dataclass(frozen=True)
class Place:
    """Where what is said is to be found.

    Attributes:
        repository: the repository's page, `https://git.example.com/team/platform`.
        server: the server's address.
        report: where the full report lies; empty where there is none.

    """

    repository: str
    server: str
    report: str = ""


def comment(previews: Sequence[StackPreview], place: Place, *, allowed: bool) -> str:
    """Return the comment on the previews of one commit; never longer than `LIMIT`.

    `allowed` says whether the pull request has the label that losing data needs.
    """
    head = [
        *_headline(previews, place),
        *_losses(previews, allowed=allowed),
        *_table(previews, place),
    ]
    for section in (_whole, _brief):
        lines = itertools.chain(head, *(section(each, place) for each in previews))
        body = _within(lines, LIMIT)
        if body is not None:
            return body
    return _cut(head, previews, place)


def _headline(previews: Sequence[StackPreview], place: Place) -> Iterator[str]:
    commit = previews[0].commit if previews else ""
    link = f"[{commit[:_COMMIT]}]({place.repository}/commit/{quote(commit)})" if commit else "it"
    yield f"#### What merging {link} changes"
    yield ""
    if not previews:
        yield "No stack is affected."
    if any(each.offline for each in previews):
        yield (
            "Rendered **offline**: this code is not trusted with a cluster, so two commits were "
            "compared. What only the cluster knows is not in it."
        )
        yield ""


def _losses(previews: Sequence[StackPreview], *, allowed: bool) -> Iterator[str]:
    lost = [(each.stack, change) for each in previews for change in each.dangerous]
    if not lost:
        return
    yield "> [!CAUTION]"
    for stack, change in lost[:_LOSSES]:
        done = f"{text(change.operation)}s"
        yield (
            f"> **{text(stack)}** {done} **{text(title(change))}**{_owner(change)}, "
            f"and with it goes {text(change.loss)}."
        )
    if len(lost) > _LOSSES:
        yield f"> And {len(lost) - _LOSSES} more."
    yield ">"
    yield (
        f"> The label `{LABEL}` allows it."
        if allowed
        else f"> To merge it, give this pull request the label `{LABEL}`."
    )
    yield ""


def _table(previews: Sequence[StackPreview], place: Place) -> Iterator[str]:
    if not previews:
        return
    shown = shown_operations(previews)
    yield f"| stack | {' | '.join(VERBS[word] for word in shown)} | time | drift | policies | |"
    yield f"|---|{'--:|' * len(shown)}--:|---|---|---|"
    for each in previews:
        counts = [str(each.counts[word] or "") for word in shown]
        cells = [
            f"**{text(each.stack)}**",
            *counts,
            f"{each.seconds:.1f} s",
            _drift(each),
            _policies(each),
        ]
        yield f"| {' | '.join([*cells, _verdict(each)])} |"
    yield ""
    if place.report:
        yield f"Every field of every object: [the full report]({_target(place.report)})."
        yield ""


def _drift(preview: StackPreview) -> str:
    if preview.drift is None:
        return "not looked for"
    objects = {(each.kind, each.namespace, each.name) for each in preview.drift}
    return f"{len(objects)} object{'' if len(objects) == 1 else 's'}" if objects else "none"


def _policies(preview: StackPreview) -> str:
    if preview.drift is None:  # nothing was, without a cluster or a preview
        return "not asked"
    count = len(preview.findings)
    return f"{count} finding{'' if count == 1 else 's'}" if count else "none"


def _verdict(preview: StackPreview) -> str:
    if preview.error:
        return "❌ fails"
    if preview.dangerous:
        return "⚠️ loses data"
    return "✅" if preview.changes else "✅ nothing to do"


def _whole(preview: StackPreview, place: Place) -> Iterator[str]:
    return _section(preview, place, _change_lines, len(preview.changes), graph=True)


def _brief(preview: StackPreview, place: Place) -> Iterator[str]:
    return _section(preview, place, _change_line, _BRIEF, graph=False)


def _section(
    preview: StackPreview,
    place: Place,
    lines: Callable[[PlannedChange], Iterator[str]],
    most: int,
    *,
    graph: bool,
) -> Iterator[str]:
    yield from _failure(preview, place)
    if not preview.changes and not preview.drift and not preview.notes:
        return
    said = counted(preview.counts) or "nothing to do"
    yield f"<details><summary><b>{text(preview.stack)}</b>: {text(said)}</summary>"
    yield ""
    yield from _versions(preview, place)
    for change in preview.changes[:most]:
        yield from lines(change)
    if len(preview.changes) > most:
        yield f"- and {len(preview.changes) - most} more"
    yield ""
    yield from _drifted(preview)
    yield from _noted(preview)
    drawn = mermaid_of_changes(preview) if graph else ""
    if drawn:
        yield from ("```mermaid", drawn, "```", "")
    yield "</details>"
    yield ""


def _failure(preview: StackPreview, place: Place) -> Iterator[str]:
    if not preview.error:
        return
    file, _, line = preview.where.partition(":")
    page = f"{place.repository}/src/commit/{quote(preview.commit)}/{quote(file)}"
    at = f" at [{text(preview.where)}]({page}{f'#L{quote(line)}' if line else ''})" if file else ""
    yield f"**{text(preview.stack)}** would fail{at}: {code(preview.error, 1000)}"
    yield ""


def _versions(preview: StackPreview, place: Place) -> Iterator[str]:
    seen = dict.fromkeys(version for each in preview.changes for version in each.versions)
    if seen:
        yield from ("Versions:", "")
    for version in seen:
        link = version_link(version, preview.charts, place.server)
        after = code(version.after) if version.after else "gone"
        shown = f"[{after}]({_target(link)})" if link else after
        before = f"{code(version.before)} → " if version.before else "new: "
        yield f"- {version.what} {code(version.name)} {before}{shown}"
    if seen:
        yield from ("", "Objects:", "")


def _target(link: str) -> str:
    return quote(link, safe=":/?&=#%~.-_")


def _change_lines(change: PlannedChange) -> Iterator[str]:
    yield from _change_line(change)
    indent = "    " if change.release else "  "
    for field in change.fields[:_FIELDS]:
        if field.before is None and field.after is None:
            yield f"{indent}- {code(field.path)}"
            continue
        before, after = around(field)
        yield f"{indent}- {code(field.path)}: {code(before)} → {code(after)}"
    if len(change.fields) > _FIELDS:
        yield f"{indent}- and {len(change.fields) - _FIELDS} more fields"


def _change_line(change: PlannedChange) -> Iterator[str]:
    indent = "  " if change.release else ""
    dangerous = change.operation in ("delete", "replace")
    done = f"**{change.operation}**" if dangerous else text(VERBS[change.operation])
    lost = f", and with it goes {text(change.loss)}" if change.loss else ""
    notes = [f"moved from {change.moved_from}"] if change.moved_from else []
    notes += [change.note] if change.note else []
    note = f" ({text('; '.join(notes))})" if notes else ""
    owner = "" if change.release else _owner(change)
    yield f"{indent}- {done} {code(title(change))}{owner}{lost}{note}"
    for found in change.findings[:_FINDINGS]:
        yield f"{indent}  - ⚠️ {text(found)}"
    if len(change.findings) > _FINDINGS:
        yield f"{indent}  - and {len(change.findings) - _FINDINGS} more findings"


def _owner(change: PlannedChange) -> str:
    known = f"{change.component_kind} {change.component}".strip()
    return f" of {text(known)}" if known and change.component != change.name else ""


def _drifted(preview: StackPreview) -> Iterator[str]:
    found = preview.drift or ()
    if not found:
        return
    yield "Changed by hand, and put back by the update:"
    yield ""
    for each in found[:_FIELDS]:
        path = f"{each.namespace}/{each.name}" if each.namespace else each.name
        field = f" {code(each.path)}" if each.path else ""
        by = f" by {text(each.manager)}" if each.manager else ""
        yield f"- {code(f'{each.kind} {path}')}{field} {each.why}{by}"
    if len(found) > _FIELDS:
        yield f"- and {len(found) - _FIELDS} more"
    yield ""


def _noted(preview: StackPreview) -> Iterator[str]:
    for note in preview.notes[:_NOTES]:
        yield f"- {text(note)}"
    if preview.notes:
        yield ""


def _within(lines: Iterable[str], limit: int) -> str | None:
    """Return the lines as a text, None where that would be longer than `limit` bytes."""
    kept = []
    for line in lines:
        limit -= len(line.encode()) + 1
        if limit < 0:
            return None
        kept.append(line)
    return "\n".join(kept).rstrip() + "\n"


def _cut(head: Sequence[str], previews: Sequence[StackPreview], place: Place) -> str:
    """Return the beginning of the comment and as many stacks as there is room for."""
    full = f"[the full report]({_target(place.report)})" if place.report else "the run's log"
    end = f"This was too long for a comment: {full} has the rest.\n"
    room = LIMIT - len(end.encode()) - 1
    kept: list[str] = []
    for part in (*head, *("\n".join(_brief(each, place)) for each in previews)):
        room -= len(part.encode()) + 1
        if room < 0:
            break
        kept.append(part)
    return "\n".join((*kept, "", end))
