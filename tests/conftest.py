"""What every kind of test may need."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import toolchain

if TYPE_CHECKING:
    from pathlib import Path

# The platform of tests/e2e, a Gitea with a small repository, a cluster that is stopped and started.
SHARED = {"deployed", "gitea", "one_cluster"}


@pytest.hookimpl(tryfirst=True)  # xdist reads the marks, and may come first
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give what several tests share, and each process would start for itself, to one process."""
    for item in items:
        for shared in SHARED.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.xdist_group(shared))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Fail a test that xdist does not keep with its group, which it does without a word."""
    grouped = getattr(item.config.option, "loadgroup", False)
    if grouped and item.get_closest_marker("xdist_group") and "@" not in item.nodeid:
        pytest.fail("xdist does not keep the tests of its xdist_group together", pytrace=False)


@pytest.fixture(scope="session")
def programs() -> Path:
    """The folder of the pinned external programs; `make test` installs them."""
    return toolchain.bin_folder("test")
