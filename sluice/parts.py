"""A component of a stack's state, with the components that it depends on."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sluice.inventory import Component

__all__ = ["with_dependencies"]


def with_dependencies(
    deployed: Sequence[Component], kinds: Collection[str], name: str
) -> list[str]:
    """Return the names of the component and of what it waits for; empty where it is not there."""
    known = {str(component): component for component in deployed}
    wanted = [title for title, each in known.items() if each.name == name and each.kind in kinds]
    found: dict[str, Component] = {}
    while wanted:
        title = wanted.pop()
        if title in known and title not in found:
            found[title] = known[title]
            wanted.extend(known[title].needs)
    return list(dict.fromkeys(component.name for component in found.values()))
