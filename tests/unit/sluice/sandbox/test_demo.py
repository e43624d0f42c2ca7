"""The demo's merge, which has to wait for the statuses that follow the report."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sluice.errors import GiteaError
from sluice.sandbox.demo import Demo
from sluice.sandbox.gitea.service import GiteaService


class FakeGitea:
    """Merges once nothing is in the way any more."""

    def __init__(self, *refusals: int) -> None:
        self._refusals = list(refusals)

    def merge(self, number: int) -> Any:
        if self._refusals:
            raise GiteaError("not all required checks", status=self._refusals.pop(0))
        return SimpleNamespace(number=number, merge_commit="abc")


def merged(tmp_path: Path, *refusals: int) -> Any:
    demo = Demo(GiteaService(tmp_path), tmp_path, ("dev",), pause=timedelta())
    request: Any = SimpleNamespace(number=7)
    return demo._merged(FakeGitea(*refusals), request)  # type: ignore[arg-type]


def test_a_merge_that_is_not_allowed_yet_is_tried_again(tmp_path: Path) -> None:
    assert merged(tmp_path, 405, 405).merge_commit == "abc"


def test_a_merge_that_is_refused_for_good_ends_it(tmp_path: Path) -> None:
    with pytest.raises(GiteaError, match="not all required"):
        merged(tmp_path, 403)
