from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from components.errors import ArtifactError
from components.lib.artifacts.remote_images import RemoteImages
from components.lib.locks.image_source import ImageSource
from components.lib.locks.locked_image import ImageRequest, ReflectionPolicy
from components.lib.policies.numerical import NumericalPolicy
from components.lib.policies.policy import TagPolicy
from components.lib.policies.semver import SemVerPolicy
from components.lib.registry.etag_cache import ETagCache
from components.lib.registry.mirrors import Mirrors

if TYPE_CHECKING:
    from components.lib.registry.transport import Transport

TAGS = "/v2/team/app/tags/list"


@pytest.fixture(autouse=True)
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Docker's configuration, which knows no registry."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    (tmp_path / "docker").mkdir()
    file = tmp_path / "docker" / "config.json"
    file.write_text("{}")
    return file


@pytest.fixture
def source(server: Any) -> ImageSource:
    """An image in five versions, and a signature of one."""
    server.digest = server.push_image(
        "team/app", "1.0.0", "v1.4.1", "1.4.2", "2.0.0", "latest", "sha256-abc.sig"
    )
    return ImageSource(f"{server.host}/team/app")


@pytest.fixture
def images(tmp_path: Path, transport: Transport) -> RemoteImages:
    return RemoteImages(tmp_path, transport=transport)


def request(
    source: ImageSource,
    range_: str = "1.x",
    reflection: ReflectionPolicy = ReflectionPolicy.IF_NOT_PRESENT,
) -> ImageRequest:
    policy = TagPolicy(SemVerPolicy(range_))
    return ImageRequest(name="my-app", source=source, policy=policy, reflection=reflection)


def test_the_newest_allowed_is_locked_by_the_digest_of_its_index(
    images: RemoteImages, source: ImageSource, server: Any
) -> None:
    locked = images.newest(request(source), None)
    assert (locked.tag, locked.digest) == ("1.4.2", server.digest)
    assert locked.image == f"{source.image}:1.4.2@{server.digest}"


def test_excluded_tags_are_not_there(
    images: RemoteImages, source: ImageSource, transport: Transport, tmp_path: Path
) -> None:
    assert images.tags(source) == ["1.0.0", "v1.4.1", "1.4.2", "2.0.0", "latest"]
    fewer = ImageSource(source.image, exclusion_list=("^latest$", "^1"))
    assert RemoteImages(tmp_path, transport=transport).tags(fewer) == [
        "v1.4.1",
        "2.0.0",
        "sha256-abc.sig",
    ]


@pytest.mark.parametrize(
    ("reflection", "digest", "asked"),
    [
        (ReflectionPolicy.NEVER, "", False),
        (ReflectionPolicy.IF_NOT_PRESENT, "before", False),
        (ReflectionPolicy.ALWAYS, "now", True),
    ],
)
def test_the_digest_of_a_tag_that_was_pushed_anew_is_reflected_as_asked(
    images: RemoteImages,
    source: ImageSource,
    server: Any,
    reflection: ReflectionPolicy,
    digest: str,
    asked: bool,
) -> None:
    before = images.newest(request(source), None)
    server.files["/v2/team/app/manifests/1.4.2"] = b"{}"
    server.requests.clear()
    after = images.newest(request(source, reflection=reflection), before)
    assert {"": "", before.digest: "before"}.get(after.digest, "now") == digest
    assert bool(server.requests) == asked


def test_a_repository_is_read_once_however_many_ask_at_once(
    images: RemoteImages, source: ImageSource, server: Any
) -> None:
    with ThreadPoolExecutor(8) as pool:
        read = list(pool.map(lambda _: images.tags(source), range(20)))
    assert read == [read[0]] * 20
    assert server.requests == [f"{TAGS}?n=1000"]


def test_tags_that_did_not_change_are_not_sent_again(
    source: ImageSource, server: Any, transport: Transport, tmp_path: Path
) -> None:
    server.has_etags, server.page_size = True, 2
    cache = ETagCache(tmp_path / "pages")
    first = RemoteImages(tmp_path, transport=transport, cache=cache).tags(source)
    server.tags["team/app"][-1] = "3.0.0"
    server.requests.clear()
    again = RemoteImages(tmp_path, transport=transport, cache=cache).tags(source)
    assert (len(first), again[-1]) == (5, "3.0.0")
    assert len(server.requests) == 3
    for file in (tmp_path / "pages").iterdir():
        file.write_bytes(b"torn")
    assert RemoteImages(tmp_path, transport=transport, cache=cache).tags(source) == again


def test_a_mirror_is_read_and_the_upstream_locked(
    server: Any, transport: Transport, tmp_path: Path
) -> None:
    server.push_image("copy/library/nginx", "1.27.0")
    mirrors = Mirrors({"oci://docker.io": f"oci://{server.host}/copy/library"})
    images = RemoteImages(tmp_path, mirrors, transport)
    assert images.newest(request(ImageSource("nginx")), None).image.startswith("nginx:1.27.0@")


def log_in(docker: Path, host: str, password: str) -> None:
    word = base64.b64encode(f"robot:{password}".encode()).decode()
    docker.write_text(json.dumps({"auths": {host: {"auth": word}}}))


@pytest.mark.parametrize("token", ["", "from-the-realm"])
def test_docker_credentials_are_used_for_passwords_and_for_tokens(
    images: RemoteImages, source: ImageSource, server: Any, docker: Path, token: str
) -> None:
    server.password, server.token = "hunter2", token
    log_in(docker, server.host, "hunter2")
    assert images.newest(request(source), None).tag == "1.4.2"
    assert server.authorizations[-1].startswith("Bearer" if token else "Basic")


def test_a_password_is_sent_at_once_when_the_registry_is_known_to_want_it(
    images: RemoteImages, source: ImageSource, server: Any, docker: Path
) -> None:
    server.password = "hunter2"  # noqa: S105 - made up
    log_in(docker, server.host, "hunter2")
    images.tags(source)
    server.requests.clear()
    server.names_digests = True
    assert images.digest(source, "1.4.2") == server.digest
    assert len(server.requests) == 1


def test_an_identity_token_is_exchanged(
    images: RemoteImages, source: ImageSource, server: Any, docker: Path
) -> None:
    server.token = "from-the-realm"  # noqa: S105 - made up
    auth = {"auth": base64.b64encode(b"robot:").decode(), "identitytoken": "kept"}
    docker.write_text(json.dumps({"auths": {server.host: auth}}))
    assert images.newest(request(source), None).tag == "1.4.2"
    assert server.forms[0]["refresh_token"] == ["kept"]


def test_a_credential_helper_is_asked(
    images: RemoteImages,
    source: ImageSource,
    server: Any,
    docker: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server.password = "hunter2"  # noqa: S105 - made up
    helper = docker.parent / "docker-credential-tests"
    answer = json.dumps({"ServerURL": server.host, "Username": "robot", "Secret": "hunter2"})
    helper.write_text(f"#!/bin/sh\necho '{answer}'\n")
    helper.chmod(0o755)
    monkeypatch.setenv("PATH", str(docker.parent), prepend=":")
    docker.write_text(json.dumps({"credHelpers": {server.host: "tests"}}))
    assert images.newest(request(source), None).tag == "1.4.2"


@pytest.mark.filterwarnings("ignore:docker-credential-missing not installed")
def test_a_credential_helper_that_is_not_there_is_named(
    images: RemoteImages, source: ImageSource, server: Any, docker: Path
) -> None:
    server.password = "hunter2"  # noqa: S105 - made up
    docker.write_text(json.dumps({"credHelpers": {server.host: "missing"}}))
    with pytest.raises(ArtifactError, match=r"credential helper for 127\.0\.0\.1:\d+ fails"):
        images.tags(source)


@pytest.mark.parametrize("token", ["", "from-the-realm"])
def test_a_wrong_password_is_said_without_saying_it(
    images: RemoteImages, source: ImageSource, server: Any, docker: Path, token: str
) -> None:
    server.password, server.token = "hunter2", token
    log_in(docker, server.host, "letmein")
    with pytest.raises(ArtifactError) as refusal:
        images.tags(source)
    assert "denies the user 'robot' access to team/app (HTTP 401)" in str(refusal.value)
    assert f"run `docker login {server.host}`" in str(refusal.value)
    assert "letmein" not in str(refusal.value)


def test_no_password_at_all_is_said(images: RemoteImages, source: ImageSource, server: Any) -> None:
    server.password = "hunter2"  # noqa: S105 - made up
    with pytest.raises(ArtifactError, match="denies anonymous access to team/app"):
        images.tags(source)


@pytest.mark.parametrize(
    ("range_", "complaint"),
    [
        ("3.x", "(semver 3.x); the nearest are 2.0.0, 1.4.2, v1.4.1, 1.0.0."),
        (">=0.1.0 <0.2.0", "; the nearest are 2.0.0, 1.4.2, v1.4.1, 1.0.0."),
    ],
)
def test_a_policy_that_nothing_satisfies_names_what_there_is(
    images: RemoteImages, source: ImageSource, range_: str, complaint: str
) -> None:
    with pytest.raises(ArtifactError) as refusal:
        images.newest(request(source, range_), None)
    assert f"No tag of {source.image} satisfies the policy 'my-app'" in str(refusal.value)
    assert str(refusal.value).endswith(complaint)


def test_a_tag_that_is_no_number_is_named(images: RemoteImages, source: ImageSource) -> None:
    asked = ImageRequest(name="my-app", source=source, policy=TagPolicy(NumericalPolicy()))
    with pytest.raises(ArtifactError, match=r"policy 'my-app': the tag '1\.0\.0' is not a number"):
        images.newest(asked, None)


def test_a_tag_that_is_gone_since_it_was_listed_is_named(
    images: RemoteImages, source: ImageSource, server: Any
) -> None:
    del server.files["/v2/team/app/manifests/1.4.2"]
    with pytest.raises(ArtifactError, match=r"The tag 1\.4\.2 of .* was deleted since it was"):
        images.newest(request(source), None)


def test_an_image_that_is_not_there_is_named(images: RemoteImages, server: Any) -> None:
    with pytest.raises(ArtifactError, match=r"The registry has no image 127\.0\.0\.1:\d+/team/no"):
        images.tags(ImageSource(f"{server.host}/team/no"))


def test_a_ca_file_that_is_not_there_is_named(images: RemoteImages, source: ImageSource) -> None:
    with pytest.raises(ArtifactError, match=r"^pki/ca\.pem, which .* names, is not there\.$"):
        images.tags(ImageSource(source.image, ca_file="pki/ca.pem"))


@pytest.mark.parametrize("status", [429, 500])
def test_a_registry_that_is_busy_is_asked_again_and_then_named(
    images: RemoteImages, source: ImageSource, server: Any, busy: Any, status: int
) -> None:
    answer = type(busy)(status=status, headers={"Retry-After": "0"})
    server.next_answers(TAGS, answer)
    assert images.tags(source)
    server.next_answers("/v2/team/app/manifests/1.4.2", answer, answer)
    with pytest.raises(ArtifactError, match=f"cannot be read: HTTP {status} from http://127"):
        images.digest(source, "1.4.2")


@pytest.mark.parametrize("several", [True, False])
def test_labels_are_those_of_the_images_configuration(
    images: RemoteImages, source: ImageSource, server: Any, several: bool
) -> None:
    manifests = "/v2/team/app/manifests"
    named = {"config": {"Labels": {"org.opencontainers.image.revision": "abc"}}}
    server.files["/v2/team/app/blobs/sha256:c"] = json.dumps(named).encode()
    server.files[f"{manifests}/sha256:m"] = b'{"config": {"digest": "sha256:c"}}'
    server.files[f"{manifests}/sha256:i"] = b'{"manifests": [{"digest": "sha256:m"}, {}]}'
    found = images.labels(source, "sha256:i" if several else "sha256:m")
    assert found == {"org.opencontainers.image.revision": "abc"}


@pytest.mark.parametrize("reference", ["1.0.0", "gone", "sha256:n"])
def test_an_image_without_a_configuration_has_no_labels(
    images: RemoteImages, source: ImageSource, server: Any, reference: str
) -> None:
    server.files["/v2/team/app/manifests/sha256:n"] = b'{"config": {"digest": "sha256:gone"}}'
    assert images.labels(source, reference) == {}
