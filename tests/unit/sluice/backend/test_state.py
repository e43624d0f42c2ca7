from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sluice.backend.command import StackNotFoundError
from sluice.backend.pulumi import Pulumi
from sluice.backend.state import Resource
from sluice.stack.stack import Stack

if TYPE_CHECKING:
    from conftest import MakeRepository

WEB = "urn:pulumi:dev::p::sluice:apps:Application$kubernetes:apps/v1:Deployment::web:shop/web"


def test_a_state_s_resource_tells_its_line_outside_of_the_components() -> None:
    positions = ("components/core/namespace.py#75", "stacks/base.py#33", "__main__.py#6")
    trace = [{}, *({"sourcePosition": f"project:///{each}"} for each in positions)]
    entry = {"urn": WEB, "type": "t", "created": "2026-11-23T22:12:41.46Z", "stackTrace": trace}
    found = Resource.of(entry)
    assert (found.name, found.where) == ("web:shop/web", "stacks/base.py:33")
    assert found.created is not None
    assert Resource.of({"urn": WEB, "type": "t"}).where == ""


def test_reading_a_stack_that_was_never_made_does_not_make_it(
    repository: MakeRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    def unknown(command: list[str], *_: object) -> Any:
        asked.append(command)
        raise StackNotFoundError

    monkeypatch.delenv("PULUMI_BACKEND_URL", raising=False)
    monkeypatch.setattr("sluice.backend.command.run", unknown)
    state = Stack(repository(dev=""), "dev").state()
    assert (state.resources(), state.history(), state.size()) == ([], [], 2)
    assert "init" not in str(asked)


def test_a_stack_that_a_folder_does_not_have_is_not_asked_for(
    repository: MakeRepository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path}")
    monkeypatch.setattr(Pulumi, "read", None)
    state = Stack(repository(dev=""), "dev").state()
    assert (state.resources(), state.history()) == ([], [])


def test_what_is_shown_is_read_without_loading_pulumi() -> None:
    program = """if True:
        from sluice.inventory import deployed, owners
        from sluice.status import drawing, events, graph, rows, statistics, trace, tree
        import sys
        print("pulumi" in sys.modules)
    """
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ended.stdout == "False\n"


def test_an_update_begins_before_what_it_does_not_need_is_loaded() -> None:
    program = """if True:
        import sluice.commands.up, sluice.engine.engine, sys
        print({"git", "grpc", "pulumi", "rich", "tabulate", "urllib3"}.intersection(sys.modules))
    """
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ended.stdout == "set()\n"
