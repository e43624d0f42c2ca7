from __future__ import annotations

import pytest

from sluice.elsewhere import here, is_here


def test_what_is_on_other_clusters_is_left_out_and_they_are_named_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    names = ["web", "web@west", "web@west:shop/web", "web@east", "web:shop/a@b"]
    assert here(names, str, "dev") == ["web", "web:shop/a@b"]
    assert [record.getMessage().partition(",")[0] for record in caplog.records] == [
        "dev: the cluster east is not looked at",
        "dev: the cluster west is not looked at",
    ]


def test_without_other_clusters_nothing_is_said(caplog: pytest.LogCaptureFixture) -> None:
    assert here(["web", "web:shop/web"], str, "dev") == ["web", "web:shop/web"]
    assert caplog.records == []
    assert is_here("web:shop/web")
    assert not is_here("web@west")
