from __future__ import annotations

import pytest

from sluice.stack.own_cluster import is_on_own_cluster, on_own_cluster


def test_what_is_on_other_clusters_is_left_out_and_they_are_named_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    names = ["web", "web@west", "web@west:shop/web", "web@east", "web:shop/a@b"]
    assert on_own_cluster(names, str, "dev") == ["web", "web:shop/a@b"]
    assert [record.getMessage().partition(",")[0] for record in caplog.records] == [
        "dev: the cluster east is not looked at",
        "dev: the cluster west is not looked at",
    ]


def test_without_other_clusters_nothing_is_said(caplog: pytest.LogCaptureFixture) -> None:
    assert on_own_cluster(["web", "web:shop/web"], str, "dev") == ["web", "web:shop/web"]
    assert caplog.records == []
    assert is_on_own_cluster("web:shop/web")
    assert not is_on_own_cluster("web@west")
