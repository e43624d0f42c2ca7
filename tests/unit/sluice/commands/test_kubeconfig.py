from __future__ import annotations

from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from sluice.commands import kubeconfig as command


def test_a_token_is_never_shown_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = SimpleNamespace(stdout=SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr(command, "sys", terminal)
    shown = CliRunner().invoke(command.kubeconfig, ["dev", "--account", "up"])
    assert shown.exit_code == 2
    assert "give --output-file, or pipe it" in shown.output
