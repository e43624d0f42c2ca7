"""Images in Debian's registry: what is locked of them, and what stands in the way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from components.errors import ArtifactError
from components.lib.artifacts.chart_source import RemoteCharts
from components.lib.artifacts.remote_images import RemoteImages
from components.lib.locks.image_source import ImageSource
from components.lib.locks.locked_chart import ChartRequest
from components.lib.locks.locked_image import ImageRequest, ReflectionPolicy
from components.lib.policies.policy import TagPolicy
from components.lib.policies.semver import SemVerPolicy
from components.lib.registry.access import Access
from components.lib.registry.transport import Limits, Transport
from sluice.sandbox.control_plane.pki import Authority, Subject
from tests.integration.images.tokens import token_service
from tests.registry import Registry, closed, log_in, running

APP = "team/app"


@pytest.fixture(autouse=True)
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Docker's configuration, which knows no registry."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    (tmp_path / "docker").mkdir()
    return tmp_path / "docker" / "config.json"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A registry that everybody may read and push to."""
    with running(tmp_path_factory.mktemp("registry") / "open") as registry:
        yield registry


@pytest.fixture
def images(tmp_path: Path) -> RemoteImages:
    return RemoteImages(tmp_path, transport=Transport(Limits(attempts=1)))


def request(host: str, name: str = APP, **arguments: object) -> ImageRequest:
    source = ImageSource(f"{host}/{name}", **arguments)  # type: ignore[arg-type]
    return ImageRequest(name="app", source=source, policy=TagPolicy(SemVerPolicy("1.x")))


def test_an_image_for_two_platforms_is_locked_by_its_index(
    registry: Registry, images: RemoteImages
) -> None:
    single = registry.push(APP, "1.0.0", "latest")
    index = registry.push_index(APP, single, "1.1.0", "v2.0.0")
    locked = images.newest(request(registry.host), None)
    assert locked.image == f"{registry.host}/{APP}:1.1.0@{index}"
    assert images.digest(ImageSource(f"{registry.host}/{APP}"), "latest") == single


def test_every_page_of_tags_is_read(registry: Registry, images: RemoteImages) -> None:
    tags = [f"1.{minor}.0" for minor in range(30)]
    registry.push("team/many", *tags)
    read = images.tags(ImageSource(f"{registry.host}/team/many"))
    assert sorted(read) == sorted(tags)
    assert images.newest(request(registry.host, "team/many"), None).tag == "1.29.0"


def test_a_tag_that_was_deleted_since_it_was_listed_is_named(
    registry: Registry, images: RemoteImages
) -> None:
    digest = registry.push("team/gone", "1.0.0")
    asked = request(registry.host, "team/gone")
    assert images.tags(asked.source) == ["1.0.0"]
    registry.delete("team/gone", digest)
    with pytest.raises(ArtifactError, match=r"The tag 1\.0\.0 of .* was deleted since it was"):
        images.newest(asked, None)


def test_a_tag_that_was_pushed_anew_is_followed_only_where_the_policy_says_so(
    registry: Registry, images: RemoteImages
) -> None:
    registry.push("team/moving", "1.0.0")
    asked = request(registry.host, "team/moving")
    before = images.newest(asked, None)
    anew = registry.push("team/moving", "1.0.0", labels={"edition": "2"})
    assert images.newest(asked, before) == before
    always = ImageRequest(
        name="app", source=asked.source, policy=asked.policy, reflection=ReflectionPolicy.ALWAYS
    )
    assert images.newest(always, before).digest == anew


def test_an_image_and_a_registry_that_are_not_there_are_named(
    registry: Registry, images: RemoteImages
) -> None:
    with pytest.raises(ArtifactError, match=r"The registry has no image .*/team/none; correct"):
        images.tags(ImageSource(f"{registry.host}/team/none"))
    with pytest.raises(ArtifactError, match="cannot be read: Connection refused from http://127"):
        images.tags(ImageSource("127.0.0.1:1/team/app"))


def test_a_password_is_docker_s_and_a_wrong_one_is_told(tmp_path: Path, docker: Path) -> None:
    with closed(tmp_path / "closed") as registry:
        digest = registry.push(APP, "1.0.0")
        with pytest.raises(ArtifactError, match=f"denies anonymous access to {APP} .HTTP 401"):
            RemoteImages(tmp_path).newest(request(registry.host), None)
        log_in(docker, registry.host, "wrong")
        with pytest.raises(ArtifactError, match="denies the user 'robot' access"):
            RemoteImages(tmp_path).newest(request(registry.host), None)
        log_in(docker, registry.host, "made-up")
        assert RemoteImages(tmp_path).newest(request(registry.host), None).digest == digest


def test_a_token_is_asked_for_and_one_that_expired_is_replaced(
    tmp_path: Path, images: RemoteImages
) -> None:
    with running(tmp_path / "closed") as registry:
        digest = registry.push(APP, "1.0.0")
    with (
        token_service(tmp_path) as tokens,
        running(tmp_path / "closed", auth=tokens.auth) as registry,
    ):
        asked = request(registry.host)
        tokens.expired = True
        with pytest.raises(ArtifactError, match=r"denies anonymous access to team/app .HTTP 401"):
            images.digest(asked.source, "1.0.0")
        tokens.expired = False
        assert images.digest(asked.source, "1.0.0") == digest
        given = tokens.given
        assert images.newest(asked, None).digest == digest
        assert tokens.given == given


def test_a_registry_with_its_own_authority_is_read_by_its_file_alone(tmp_path: Path) -> None:
    pki = tmp_path / "pki"
    pki.mkdir()
    Authority(pki, "ca").issue_server("registry", Subject("registry"))
    Authority(pki, "other")
    tls = (pki / "registry.crt", pki / "registry.key", pki / "ca.crt")
    with running(tmp_path / "tls", tls=tls) as registry:
        digest = registry.push(APP, "1.0.0")
        images = RemoteImages(tmp_path, transport=Transport(Limits(attempts=1)))
        assert images.newest(request(registry.host, ca_file="pki/ca.crt"), None).digest == digest
        with pytest.raises(ArtifactError, match=r"cannot be read: TLS failed: .*certificate"):
            images.newest(request(registry.host, ca_file="pki/other.crt"), None)
        charts, source = RemoteCharts(), f"oci://{registry.host}/team"
        assert charts.versions(source, "app", Access(ca_file=str(tls[2]))) == ["1.0.0"]


def test_a_chart_in_the_registry_is_read_with_the_same_password(
    tmp_path: Path, docker: Path
) -> None:
    with closed(tmp_path / "closed") as registry:
        registry.push("charts/web", "1.0.0")
        log_in(docker, registry.host, "made-up")
        source = f"oci://{registry.host}/charts"
        asked = ChartRequest(name="web", source=source, chart="web", range="*")
        with pytest.raises(ArtifactError, match=r"web 1\.0\.0 in the registry .* is not a Helm"):
            RemoteCharts().newest(asked, None)
        log_in(docker, registry.host, "wrong")
        robot = Access(username="robot", password="made-up")  # noqa: S106 - the test's own
        assert RemoteCharts().versions(source, "web", robot) == ["1.0.0"]
