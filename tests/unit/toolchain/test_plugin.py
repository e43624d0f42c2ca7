from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from toolchain.errors import PluginError, WayError
from toolchain.path import find_on_path
from toolchain.plugin import install_plugin

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.unit.toolchain.conftest import PathMaker, ToolMaker
    from toolchain.machine import Machine
    from toolchain.records import Program

PULUMI = """#!/bin/sh
echo "$@" >> "$PULUMI_HOME/asked"
for last; do :; done
mkdir -p "$PULUMI_HOME/plugins/resource-kubernetes-v1.2.3"
cp "$last" "$PULUMI_HOME/plugins/resource-kubernetes-v1.2.3/provider"
"""


@pytest.fixture
def provider(tool: ToolMaker) -> Program:
    return replace(tool("provider"), check=None, plugin="kubernetes")


@pytest.fixture
def binary(tmp_path: Path) -> Path:
    file = tmp_path / "provider"
    file.write_text("binary")
    file.chmod(0o755)
    return file


@pytest.fixture
def install(
    machine: Machine, provider: Program, binary: Path, on_path: PathMaker
) -> Callable[[], Path]:
    pulumi = on_path("pulumi", "")
    pulumi.write_text(PULUMI)
    machine.pulumi_home.mkdir()

    def run() -> Path:
        return install_plugin(
            provider,
            binary,
            pulumi=pulumi,
            pulumi_home=machine.pulumi_home,
            cache=machine.cache,
            waiting=lambda _: None,
        )

    return run


def test_pulumi_installs_it_once(install: Callable[[], Path], machine: Machine) -> None:
    assert install() == install()
    asked = (machine.pulumi_home / "asked").read_text().splitlines()
    assert len(asked) == 1
    assert asked[0].startswith("plugin install resource kubernetes 1.2.3 ")


def test_an_installed_plugin_counts_as_there(
    install: Callable[[], Path], machine: Machine, provider: Program
) -> None:
    path = install()
    assert find_on_path(provider, machine, {}) == {"provider": path}


def test_a_half_installed_plugin_does_not(
    install: Callable[[], Path], machine: Machine, provider: Program
) -> None:
    path = install()
    path.parent.with_name(path.parent.name + ".partial").touch()
    with pytest.raises(WayError, match="not among the plugins"):
        find_on_path(provider, machine, {})


def test_a_refusal_is_told_in_pulumis_words(install: Callable[[], Path], tmp_path: Path) -> None:
    (tmp_path / "path" / "pulumi").write_text("#!/bin/sh\necho no room >&2\nexit 1\n")
    with pytest.raises(PluginError, match=r"provider 1\.2\.3: no room"):
        install()
