from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from components.errors import ArtifactError, DeclarationError
from components.lib.artifacts.remote_images import RemoteImages
from components.lib.locks.image_source import ImageSource
from components.lib.locks.locked_image import ImageRequest, ReflectionPolicy
from components.lib.policies.policy import TagPolicy
from components.lib.policies.semver import SemVerPolicy
from components.lib.signatures.cosign import CosignVerification, OIDCIdentity
from components.lib.signatures.verification import trusted

if TYPE_CHECKING:
    from components.lib.registry.transport import Transport

Ask = Callable[[CosignVerification | None], ImageRequest]
KEY = CosignVerification(key="cosign.pub")
DIGEST = "sha256:d3c50d1da4bc452f"
KEYLESS = CosignVerification(
    identity=OIDCIdentity(issuer=r"^https://gitea\.local$", subject="^https://gitea.local/raibid/")
)


@pytest.fixture
def cosign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for the program, which notes how it is called and trusts everything."""
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    program = tmp_path / "bin" / "cosign"
    program.parent.mkdir()
    _write(program, f'printf "%s\\n" "$@" >{tmp_path}/called')
    return program


def _write(program: Path, script: str) -> None:
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


@pytest.fixture
def request_for(server: Any, tmp_path: Path) -> Ask:
    """Ask for `team/app` 1.x, signed as given by the files of a repository."""
    (tmp_path / "cosign.pub").write_text("a key")

    def ask(verify: CosignVerification | None) -> ImageRequest:
        return ImageRequest(
            name="app",
            source=ImageSource(f"{server.host}/team/app"),
            policy=TagPolicy(SemVerPolicy("1.x")),
            verify=trusted(verify, tmp_path),
        )

    return ask


@pytest.fixture
def images(tmp_path: Path, transport: Transport) -> RemoteImages:
    return RemoteImages(tmp_path, transport=transport)


def test_what_is_locked_was_verified_by_its_digest(
    server: Any, request_for: Ask, images: RemoteImages, cosign: Path, tmp_path: Path
) -> None:
    digest = server.push_image("team/app", "1.0.0")
    locked = images.newest(request_for(KEY), None)
    assert (locked.digest, locked.verified) == (digest, f"cosign key cosign.pub {DIGEST}")
    assert (cosign.parents[1] / "called").read_text().splitlines() == [
        "verify",
        "--key",
        str(tmp_path / "cosign.pub"),
        "--insecure-ignore-tlog=true",
        "--allow-http-registry",
        f"{server.host}/team/app@{digest}",
    ]


def test_an_identity_is_asked_for_by_expressions(
    server: Any, request_for: Ask, images: RemoteImages, cosign: Path
) -> None:
    digest = server.push_image("team/app", "1.0.0")
    locked = images.newest(request_for(KEYLESS), None)
    assert locked.verified == (
        r"cosign identity ^https://gitea.local/raibid/ of ^https://gitea\.local$"
    )
    assert (cosign.parents[1] / "called").read_text().splitlines()[1:] == [
        r"--certificate-oidc-issuer-regexp=^https://gitea\.local$",
        "--certificate-identity-regexp=^https://gitea.local/raibid/",
        "--allow-http-registry",
        f"{server.host}/team/app@{digest}",
    ]


@pytest.mark.usefixtures("cosign")
def test_what_does_not_verify_is_not_locked_and_says_why(
    server: Any, request_for: Ask, images: RemoteImages, cosign: Path
) -> None:
    server.push_image("team/app", "1.0.0")
    _write(
        cosign, 'printf "WARNING: x\\nError: no signatures found\\nmain.go:7: y\\n" >&2; exit 10'
    )
    with pytest.raises(ArtifactError) as refusal:
        images.newest(request_for(KEY), None)
    assert (
        "is not locked, as it is not verified by cosign key cosign.pub: no signatures fou"
        in str(refusal.value)
    )


def test_what_was_verified_is_not_verified_again(
    server: Any, request_for: Ask, images: RemoteImages, cosign: Path
) -> None:
    server.push_image("team/app", "1.0.0")
    before = images.newest(request_for(KEY), None)
    _write(cosign, "exit 1")
    assert images.newest(request_for(KEY), before) == before
    with pytest.raises(ArtifactError, match="cosign says nothing"):
        images.newest(request_for(KEYLESS), before)
    moved = replace(before, repository="elsewhere/app")
    with pytest.raises(ArtifactError, match="cosign says nothing"):
        images.newest(request_for(KEY), moved)


@pytest.mark.usefixtures("cosign")
def test_another_key_in_the_same_file_is_another_trust(
    server: Any, request_for: Ask, images: RemoteImages, cosign: Path, tmp_path: Path
) -> None:
    server.push_image("team/app", "1.0.0")
    before = images.newest(request_for(KEY), None)
    (tmp_path / "cosign.pub").write_text("another")
    anew = replace(request_for(KEY), verify=trusted(KEY, tmp_path))
    assert before.mismatch(anew).startswith("it was verified by cosign key cosign.pub sha256:")
    _write(cosign, "exit 1")
    with pytest.raises(ArtifactError, match="cosign says nothing"):
        images.newest(anew, before)


def test_an_entry_that_was_not_verified_as_asked_does_not_fit(
    server: Any, request_for: Ask, images: RemoteImages
) -> None:
    server.push_image("team/app", "1.0.0")
    plain = images.newest(request_for(None), None)
    assert plain.mismatch(request_for(KEY)) == (
        f"it was verified by nothing, and is to be by cosign key cosign.pub {DIGEST}"
    )


def test_without_the_program_or_the_key_nothing_is_locked(
    server: Any, request_for: Ask, images: RemoteImages, cosign: Path, tmp_path: Path
) -> None:
    server.push_image("team/app", "1.0.0")
    asked = request_for(KEY)
    cosign.unlink()
    with pytest.raises(ArtifactError, match="there is no `cosign` on PATH; install it"):
        images.newest(asked, None)
    (tmp_path / "cosign.pub").unlink()
    with pytest.raises(
        ArtifactError, match=r"^cosign\.pub, which is to verify what is locked, is not"
    ):
        trusted(KEY, tmp_path)


def test_a_wrong_verification_is_refused(request_for: Ask) -> None:
    with pytest.raises(DeclarationError, match="give either the file of a key or an identity"):
        CosignVerification()
    with pytest.raises(DeclarationError, match="digest_reflection_policy: Never, and the image"):
        ImageRequest(
            name="app",
            source=request_for(KEY).source,
            policy=TagPolicy(SemVerPolicy("*")),
            verify=request_for(KEY).verify,
            reflection=ReflectionPolicy.NEVER,
        )
