"""Components created in and deleted from stacks' files, on a platform of two stacks."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from components.errors import DeclarationError
from sluice.authoring.edited_copy import diff
from sluice.authoring.python import Name
from sluice.authoring.scaffold import Platform
from sluice.errors import RepositoryError
from sluice.stack.repository import Repository

ROOT = Path(__file__).parents[4]
BASE = '''\
"""The platform."""

from components import Environment, HelmRelease, HelmReleaseArgs, HelmRepository, Namespace, member


class Base(Environment):
    """What every stack has."""

    @member
    def shop(self) -> Namespace:
        return Namespace("shop")

    @member
    def charts(self) -> HelmRepository:
        return HelmRepository("charts", "https://charts.example")

    @member
    def web(self) -> HelmRelease:
        arguments = HelmReleaseArgs(chart="web", repository=self.charts, namespace=self.shop)
        return HelmRelease("web", arguments)
'''
DEV = "from stacks.base import Base\n\n\nclass Dev(Base):\n    removed = ('web',)\n"
PROD = '''\
from components import Namespace, member
from stacks.base import Base


class Prod(Base):
    """Production."""

    @member
    def audit(self) -> Namespace:
        return Namespace("audit")
'''


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    (tmp_path / "stacks").mkdir()
    shutil.copy2(ROOT / "Pulumi.yaml", tmp_path)
    shutil.copy2(ROOT / "stacks" / "__init__.py", tmp_path / "stacks")
    for name, text in (("base", BASE), ("dev", DEV), ("prod", PROD)):
        (tmp_path / "stacks" / f"{name}.py").write_text(text)
        if name != "base":
            config = tmp_path / "stacks" / f"Pulumi.{name}.yaml"
            config.write_text(f"config:\n  infrastructure:context: {name}-cluster\n")
    return Repository(tmp_path)


@pytest.fixture
def platform(repository: Repository) -> Platform:
    return Platform(repository)


def added(repository: Repository, files: Mapping[str, str]) -> str:
    lines = diff(repository, files).splitlines()
    return "\n".join(line[1:] for line in lines if line[0] == "+" and line[1:2] != "+")


def test_a_release_refers_to_the_members_that_it_needs(
    repository: Repository, platform: Platform
) -> None:
    arguments = {
        "chart": "api",
        "repository": platform.reference("HelmRepository/charts", "HelmRepository"),
        "version": "6.x",
        "namespace": platform.namespace("shop"),
    }
    files = platform.with_component("prod", "HelmRelease", "api", arguments)
    assert list(files) == ["stacks/prod.py"]
    assert (
        added(repository, files)
        == """\
from components import HelmRelease, HelmReleaseArgs, Namespace, member

    @member
    def api(self) -> HelmRelease:
        return HelmRelease(
            "api",
            HelmReleaseArgs(
                chart="api",
                repository=self.charts,
                version="6.x",
                namespace=self.shop,
            ),
        )"""
    )


def test_a_member_s_name_that_is_taken_is_told_apart_by_the_kind(
    repository: Repository, platform: Platform
) -> None:
    arguments: dict[str, Any] = {"image": "x:1", "namespace": platform.namespace("elsewhere")}
    files = platform.with_component("", "Application", "shop", arguments)
    assert "    def shop_application(self) -> Application:" in added(repository, files)
    assert 'namespace="elsewhere"' in added(repository, files)


def test_what_would_not_declare_is_refused_by_file_and_line(platform: Platform) -> None:
    with pytest.raises(DeclarationError, match=r"^stacks/base.py:33: Application 'a': image: ''"):
        platform.with_component("", "Application", "a", {"image": ""})
    with pytest.raises(RepositoryError, match=r"'shop' is declared already, at stacks/base.py:11"):
        platform.with_component("dev", "Namespace", "shop", {})
    with pytest.raises(RepositoryError, match="no member can be named after Namespace '1'"):
        platform.with_component("", "Namespace", "1", {})
    with pytest.raises(RepositoryError, match="no stack declares a HelmRepository 'nope'"):
        platform.reference("nope", "HelmRepository")
    with pytest.raises(RepositoryError, match="there is no stack 'qa'"):
        platform.with_component("qa", "Namespace", "x", {})


def test_a_member_that_not_every_stack_has_cannot_be_needed_by_the_base(
    platform: Platform,
) -> None:
    arguments = {"image": "x:1", "namespace": Name("self.audit")}
    missing = r"stacks/base\.py:\d+: Dev has no member or attribute 'audit'"
    with pytest.raises(DeclarationError, match=missing):
        platform.with_component("", "Application", "a", arguments)


def test_a_component_is_taken_out_of_all_stacks(repository: Repository, platform: Platform) -> None:
    removal = platform.without_component("web", "")
    assert set(removal.files) == {"stacks/base.py", "stacks/dev.py"}
    assert "def web" not in removal.files["stacks/base.py"]
    assert "HelmRelease" not in removal.files["stacks/base.py"]
    assert [*removal.components] == ["prod"]
    assert "removed" not in removal.files["stacks/dev.py"]
    assert (repository.root / "stacks" / "dev.py").read_text() == DEV


def test_a_component_is_taken_out_of_one_stack(platform: Platform) -> None:
    removal = platform.without_component("web", "prod")
    assert '    removed = ("web",)\n' in removal.files["stacks/prod.py"]
    assert [*removal.components] == ["prod"]


def test_a_stack_s_own_component_is_taken_out_of_its_file(platform: Platform) -> None:
    removal = platform.without_component("audit", "prod")
    assert removal.files == {
        "stacks/prod.py": PROD[: PROD.index("\n    @member")].replace(
            "from components import Namespace, member\n", ""
        )
    }


def test_what_another_member_uses_is_kept(platform: Platform) -> None:
    with pytest.raises(RepositoryError, match=r"^stacks/base.py:\d+: member 'web' uses 'charts';"):
        platform.without_component("charts", "")
    with pytest.raises(RepositoryError, match="there is no component 'nope'; there are: audit, ch"):
        platform.without_component("nope", "")
    with pytest.raises(RepositoryError, match=r"base\.py does not define 'audit'; name the stack"):
        platform.without_component("audit", "")


def test_a_name_that_several_components_have_is_asked_for(
    repository: Repository, platform: Platform
) -> None:
    files = platform.with_component("", "Application", "shop", {"image": "x:1", "namespace": "y"})
    (repository.root / "stacks" / "base.py").write_text(files["stacks/base.py"])
    wider = Platform(repository)
    with pytest.raises(RepositoryError, match=r"'shop'; name one: Namespace/shop, Application/s"):
        wider.without_component("shop", "")
    removal = wider.without_component("Application/shop", "")
    assert removal.files == {"stacks/base.py": BASE}
