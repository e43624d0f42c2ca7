from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from toolchain.errors import ToolchainError
from toolchain.machine import Platform
from toolchain.patches import PATCHES
from toolchain.programs import PROGRAMS, SETS, program_set

if TYPE_CHECKING:
    from toolchain.records import Program

TOOLCHAIN = Path(__file__).parents[3] / "toolchain"
PLATFORMS = [Platform(os, arch) for os in ("linux", "darwin") for arch in ("amd64", "arm64")]
LINUX_ONLY = {"kube-apiserver", "kube-controller-manager", "kube-scheduler"}


@pytest.mark.parametrize("platform", PLATFORMS, ids=str)
@pytest.mark.parametrize("program", PROGRAMS.values(), ids=str)
def test_every_program_has_a_verified_release_for_every_platform(
    program: Program, platform: Platform
) -> None:
    release = program.releases.get(platform.os)
    if release is None:
        assert program.name in LINUX_ONLY
        assert platform.os == "darwin"
        return
    url = platform.fill(release.url, program.version)
    assert url.startswith("https://")
    assert program.version in url
    assert release.checksums
    templates = [c.url for c in release.checksums] + list(release.members.values())
    for text in [url, *(platform.fill(t, program.version, "file") for t in templates)]:
        assert not re.search(r"[{}]", text)
    assert set(program.files) <= {program.name, *release.members}


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=str)
def test_every_program_can_be_built_and_recognised(program: Program) -> None:
    wrapper = TOOLCHAIN / program.go.wrapper
    assert (wrapper / "go.mod").is_file()
    assert (wrapper / "go.sum").is_file()
    for package in filter(None, (program.go.package, program.go.shared)):
        if package.startswith("./"):
            assert (wrapper / package / "main.go").is_file()
    assert bool(program.check) + bool(program.beside) + bool(program.plugin) == 1
    assert [item.target for item in program.go.companions] == list(program.companions)


@pytest.mark.parametrize(
    ("module", "version"),
    [
        ("github.com/pulumi/pulumi/pkg/v3", PROGRAMS["pulumi"].version),
        ("k8s.io/kubernetes", PROGRAMS["kubectl"].version),
        ("go.etcd.io/etcd/server/v3", PROGRAMS["etcd"].version),
        ("sigs.k8s.io/kwok", PROGRAMS["kwok"].version),
        ("helm.sh/helm/v3", PROGRAMS["helm"].version),
        ("sigs.k8s.io/kustomize/kustomize/v5", PROGRAMS["kustomize"].version),
    ],
)
def test_the_wrapper_module_requires_the_version_of_the_table(module: str, version: str) -> None:
    assert re.search(
        rf"^\s*(require )?{re.escape(module)} v{re.escape(version)}\b",
        (TOOLCHAIN / "go" / "go.mod").read_text(),
        re.MULTILINE,
    )


def test_the_wrapper_of_sops_requires_the_versions_of_the_table() -> None:
    text = (TOOLCHAIN / "go-sops" / "go.mod").read_text()
    assert f"github.com/getsops/sops/v3 v{PROGRAMS['sops'].version}\n" in text
    assert f"filippo.io/age v{PROGRAMS['age-keygen'].version}\n" in text


def test_the_wrapper_of_signatures_requires_the_versions_of_the_table() -> None:
    text = (TOOLCHAIN / "go-signatures" / "go.mod").read_text()
    assert f"github.com/sigstore/cosign/v3 v{PROGRAMS['cosign'].version} //" in text
    assert f"github.com/notaryproject/notation v{PROGRAMS['notation'].version} //" in text


@pytest.mark.parametrize(
    ("module", "program"),
    [("code.gitea.io/gitea", "gitea"), ("gitea.com/gitea/runner", "gitea-runner")],
)
def test_giteas_module_requires_the_versions_of_the_table(module: str, program: str) -> None:
    text = (TOOLCHAIN / "go-gitea" / "go.mod").read_text()
    assert f"{module} v{PROGRAMS[program].version} //" in text


def test_the_wrapper_module_requires_what_is_patched() -> None:
    text = (TOOLCHAIN / "go" / "go.mod").read_text()
    for patch in PATCHES:
        assert f"{patch.module} {patch.version}" in text
        assert set(patch.programs) <= set(PROGRAMS)


def test_the_provider_matches_the_python_package() -> None:
    project = tomllib.loads((TOOLCHAIN.parent / "pyproject.toml").read_text())["project"]
    version = PROGRAMS["pulumi-resource-kubernetes"].version
    assert f"pulumi-kubernetes=={version}" in project["dependencies"]


def test_a_user_with_a_cluster_needs_no_control_plane() -> None:
    assert SETS["deploy"] == (
        "pulumi",
        "pulumi-language-python",
        "pulumi-resource-kubernetes",
        "kubectl",
    )


def test_the_sets_contain_one_another() -> None:
    assert set(SETS["up"]) == set(SETS["deploy"]) | set(SETS["sandbox"])
    assert set(SETS["test"]) == set(PROGRAMS)


def test_an_unknown_set_is_an_error_that_names_the_sets() -> None:
    with pytest.raises(ToolchainError, match="the sets are: deploy, sandbox, up, "):
        program_set("everything")
