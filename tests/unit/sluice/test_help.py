from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from sluice import commands
from sluice.cli import VERBS, cli

UNLIMITED = 1000


def groups(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of each command that has commands below it, `sluice` itself first."""
    if isinstance(command, click.Group):
        yield path
        for name in command.list_commands(click.Context(command)):
            yield from groups(found(command, name), (*path, name))


def found(group: click.Group, name: str) -> click.Command:
    command = group.get_command(click.Context(group), name)
    assert command is not None
    return command


def shown(*path: str) -> list[str]:
    result = CliRunner().invoke(cli, [*path, "--help"])
    assert result.exit_code == 0
    return result.output.splitlines()


def test_the_verbs_stand_in_their_groups_from_looking_to_setting_up() -> None:
    titles = [line for line in shown() if line.endswith(":") and not line.startswith(" ")]
    assert titles == [
        "Options:",
        "Look:",
        "Change:",
        "Deliver:",
        "Keep current:",
        "Secrets:",
        "Set up:",
    ]


def test_every_verb_is_in_one_group_and_in_the_order_of_the_alphabet() -> None:
    modules = [each.name for each in pkgutil.iter_modules(commands.__path__)]
    verbs = [
        name
        for name in modules
        if isinstance(
            getattr(importlib.import_module(f"sluice.commands.{name}"), name, None), click.Command
        )
    ]
    grouped = [verb for group in VERBS.values() for verb in group]
    assert sorted(grouped) == sorted(verbs)
    assert [list(group) for group in VERBS.values()] == [sorted(group) for group in VERBS.values()]


@pytest.mark.parametrize(
    ("verb", "line"), [line for group in VERBS.values() for line in group.items()]
)
def test_the_line_of_a_verb_is_the_first_sentence_of_its_own_help(verb: str, line: str) -> None:
    assert found(cli, verb).get_short_help_str(UNLIMITED) == line


@pytest.mark.parametrize("path", list(groups(cli)), ids=lambda path: " ".join(("sluice", *path)))
def test_a_terminal_of_80_columns_shows_each_line_whole(
    path: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    narrow = listed(shown(*path))
    assert narrow
    assert max(map(len, narrow)) <= 80
    assert [line for line in narrow if line.endswith("...")] == []
    monkeypatch.setenv("COLUMNS", "100")
    assert listed(shown(*path)) == narrow


def listed(lines: list[str]) -> list[str]:
    """What stands below the options: a line for each command, none of them broken."""
    options = [line.endswith("Show this message and exit.") for line in lines]
    return lines[options.index(True) + 1 :]


def test_the_help_loads_no_verb() -> None:
    program = (
        "import sys; from click.testing import CliRunner; from sluice.cli import cli;"
        "shown = CliRunner().invoke(cli, ['--help']).output;"
        "print('Set up:' in shown, [name for name in sys.modules if 'sluice.commands' in name])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ended.stdout == "True []\n"
