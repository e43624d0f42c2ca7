from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from components import (
    CosignVerification,
    HelmRelease,
    HelmReleaseArgs,
    HelmRepository,
    Kustomization,
    KustomizationArgs,
    OCIRef,
    OCIRepository,
)
from components.lib.artifacts.oci_source import OCIRequest
from components.lib.registry.access import Access
from components.lib.signatures.verification import trusted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Declare, FakeLock


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        (HelmRepository, "https://charts.example.org/stable"),
        (HelmRepository, "http://127.0.0.1:8879"),
        (OCIRepository, "oci://registry.example.org/charts"),
    ],
)
def test_a_repository_makes_no_object_and_keeps_its_url(
    declare: Declare, kind: type[HelmRepository | OCIRepository], url: str
) -> None:
    registered = declare(lambda: kind("charts", f"{url}/"))
    assert registered.names() == ["charts"]
    assert registered.outputs[f"{kind.__name__} charts"] == {"url": url}


@pytest.mark.parametrize(
    ("kind", "name", "url", "problem"),
    [
        (HelmRepository, "charts", "oci://a/b", "url: 'oci://a/b' does not start with https://"),
        (HelmRepository, "charts", "charts.org", "does not start with https:// or http://"),
        (OCIRepository, "charts", "https://a/b", "url: 'https://a/b' does not start with oci://"),
        (HelmRepository, "My Charts", "https://a", "name: 'My Charts' is not lower-case letters"),
    ],
)
def test_a_wrong_repository_is_refused_where_it_is_declared(
    refused: Callable[..., str],
    here: str,
    kind: type[HelmRepository | OCIRepository],
    name: str,
    url: str,
    problem: str,
) -> None:
    error = refused(lambda: kind(name, url))
    assert re.match(rf"{re.escape(here)}:\d+: {kind.__name__} {name!r}: ", error)
    assert problem in error


URL = "oci://registry.example.org/manifests"


def test_an_artifact_is_what_the_lock_says(
    declare: Declare, charts: FakeLock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    verify = CosignVerification(key="cosign.pub")
    (tmp_path / "cosign.pub").write_text("a key")
    registered = declare(
        lambda: OCIRepository("rules", URL, ref=OCIRef(semver="1.x"), verify=verify)
    )
    asked = OCIRequest(name="rules", url=URL, ref="semver 1.x", verify=trusted(verify, tmp_path))
    assert charts.requests == [asked]
    assert registered.outputs["OCIRepository rules"]["revision"].startswith("sha1:")


@pytest.mark.parametrize("ref", [OCIRef(), OCIRef(tag="a", semver="1.x")])
def test_an_artifact_of_no_single_ref_is_refused(refused: Callable[..., str], ref: OCIRef) -> None:
    error = refused(lambda: OCIRepository("rules", URL, ref=ref))
    assert "OCIRepository 'rules': ref: give one of tag, semver and digest" in error


def test_an_artifact_is_no_folder_of_charts_and_the_other_way_round(
    refused: Callable[..., str],
) -> None:
    def release() -> None:
        artifact = OCIRepository("rules", URL, ref=OCIRef(tag="1.0.0"))
        HelmRelease("web", HelmReleaseArgs(chart="web", repository=artifact, namespace="web"))

    assert "repository: OCIRepository 'rules' is one artifact; declare the" in refused(release)

    def kustomization() -> None:
        folder = OCIRepository("charts", URL)
        Kustomization("web", KustomizationArgs(path="./web", source=folder))

    assert "OCIRepository 'charts' is a folder of charts; give ref=" in refused(kustomization)


def test_a_password_of_a_repository_is_the_stacks_secret(declare: Declare) -> None:
    made: list[HelmRepository] = []
    declare(
        lambda: made.append(
            HelmRepository("a", "https://a.example.org", username="ada", secret="token")  # noqa: S106
        ),
        config={"infrastructure:token": "s3cret"},
    )
    assert made[0].access == Access(username="ada", password="s3cret")  # noqa: S106
