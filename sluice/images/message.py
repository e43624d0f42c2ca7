"""The message of an update's commit: what changed, object by object, or a template's text.

A template is Jinja2's, with the data that Flux gives its own: `AutomationObject`,
`Changed`, `Updated` and `Values`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import jinja2
from jinja2.sandbox import SandboxedEnvironment

from sluice.images.scalars import Object
from sluice.images.setters import Change
from sluice.images.updating import Update

__all__ = ["message"]

_NAMED = 3


class _Object(NamedTuple):
    Kind: str
    Name: str
    Namespace: str
    APIVersion: str


class _Change(NamedTuple):
    OldValue: str
    NewValue: str
    Setter: str


class _Image(NamedTuple):
    Policy: str
    Repository: str
    Identifier: str
    Name: str

    def __str__(self) -> str:
        return self.Name


class _Automation(NamedTuple):
    Namespace: str
    Name: str

    def __str__(self) -> str:
        return f"{self.Namespace}/{self.Name}"


def message(update: Update) -> str:
    """Return the message of an update's commit.

    Raises:
        DeclarationError: naming the automation, where its template is wrong, or says nothing.

    """
    automation = update.of.automation
    template = automation.args.message_template
    if not template:
        return _plain(update)
    environment = SandboxedEnvironment(
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    try:
        text = environment.from_string(template).render(_data(update)).strip()
    except jinja2.TemplateSyntaxError as error:
        problem = f"message_template: line {error.lineno}: {error.message}"
        raise automation.refusal(problem) from error
    except Exception as error:  # whatever the template's expressions raise
        raise automation.refusal(f"message_template: {error}") from error
    if not text:
        raise automation.refusal("message_template: says nothing of this update")
    return text


def _plain(update: Update) -> str:
    lines = [_title(update), ""]
    for file, changes in update.files.items():
        lines.append(file)
        lines += [
            f"  {_titled(change.object)}{change.old or '-'} -> {change.new}" for change in changes
        ]
    return "\n".join(lines)


def _title(update: Update) -> str:
    names = sorted(update.images)
    if len(names) > _NAMED:
        return f"chore({update.of.stack}): update {len(names)} images"
    steps = (f"{name} {update.images[name].tag}" for name in names)
    return f"chore({update.of.stack}): update {', '.join(steps)}"


def _titled(of: Object) -> str:
    return f"{of}: " if str(of) else ""


def _data(update: Update) -> dict[str, Any]:
    files = [(file, _objects(changes)) for file, changes in update.files.items()]
    every = [change for changes in update.files.values() for change in changes]
    objects = _objects(every)
    changes = dict.fromkeys(_Change(each.old, each.new, each.setter) for each in every)
    images = [
        _Image(name, image.repository, image.tag, image.image)
        for name, image in sorted(update.images.items())
    ]
    return {
        "AutomationObject": _Automation(update.of.stack, update.of.automation.name),
        "Changed": {"FileChanges": files, "Objects": objects, "Changes": list(changes)},
        "Updated": {"Files": list(update.files), "Objects": objects, "Images": images},
        "Values": update.of.automation.args.message_template_values,
    }


def _objects(changes: Sequence[Change]) -> list[tuple[_Object, list[_Change]]]:
    found: dict[Object, list[_Change]] = {}
    for each in changes:
        found.setdefault(each.object, []).append(_Change(each.old, each.new, each.setter))
    return [
        (_Object(of.kind, of.name, of.namespace, of.api_version), made)
        for of, made in found.items()
    ]
