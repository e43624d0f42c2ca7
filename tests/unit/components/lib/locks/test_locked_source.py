from __future__ import annotations

from pathlib import Path

import pytest

from components.errors import DeclarationError
from components.lib.locks.lock import Lock
from components.lib.locks.locked_source import BaseRequest, LockedSource, SourceRequest

COMMIT = "0123456789abcdef0123456789abcdef01234567"
DIGEST = f"sha256:{'0' * 64}"
TEXT = f"""\
# Written by `sluice lock`; reviewed and committed like code.
bases:
  https://gitea.local/team/base//web?ref=v1.0.0:
    url: https://gitea.local/team/base
    ref: tag v1.0.0
    revision: v1.0.0@sha1:{COMMIT}
    updated: 2026-11-23
    reason: "first locked"
sources:
  podinfo:
    url: https://gitea.local/team/podinfo
    ref: branch main
    revision: main@sha1:{COMMIT}
    updated: 2026-11-23
    reason: "first locked"
"""


def test_sources_and_bases_are_written_back_byte_for_byte(tmp_path: Path) -> None:
    file = tmp_path / "dev.lock.yaml"
    file.write_text(TEXT)
    lock = Lock.load(file)
    assert lock.dump() == TEXT
    url, name = "https://gitea.local/team/base", "https://gitea.local/team/base//web?ref=v1.0.0"
    base = lock.answer(BaseRequest(name=name, url=url, ref="tag v1.0.0"), "dev")
    assert (base.digest, base.shown) == (f"sha1:{COMMIT}", "v1.0.0@sha1:0123456789ab")


@pytest.mark.parametrize(
    ("ref", "revision", "fits"),
    [
        ("branch main", f"main@sha1:{COMMIT}", True),
        ("branch main", f"maintenance@sha1:{COMMIT}", False),
        ("tag v1.2.0", f"v1.2.0@sha1:{COMMIT}", True),
        ("name refs/heads/main", f"refs/heads/main@sha1:{COMMIT}", True),
        ("semver 1.x", f"v1.2.0@sha1:{COMMIT}", True),
        ("semver 1.x", f"2.0.0@{DIGEST}", False),
        (f"commit {COMMIT}", f"sha1:{COMMIT}", True),
        (f"commit {COMMIT}", f"main@sha1:{'0' * 40}", False),
        (f"digest {DIGEST}", DIGEST, True),
    ],
)
def test_a_revision_answers_its_ref(ref: str, revision: str, fits: bool) -> None:
    url = "https://gitea.local/team/podinfo"
    locked = LockedSource(name="podinfo", url=url, ref=ref, revision=revision)
    complaint = locked.mismatch(SourceRequest(name="podinfo", url=url, ref=ref))
    assert complaint == ("" if fits else f"its revision {revision} is not of {ref!r}")


@pytest.mark.parametrize(
    ("url", "ref", "complaint"),
    [
        ("https://user:hunter2@gitea.local/a", "branch main", "has a user or password in it"),
        ("https://gitea.local/a", "main", "'main' is not a ref"),
        ("https://gitea.local/a", "semver newest", "'newest' is not a version range"),
    ],
)
def test_a_wrong_request_is_refused_when_it_is_made(url: str, ref: str, complaint: str) -> None:
    with pytest.raises(DeclarationError, match=complaint) as refusal:
        SourceRequest(name="podinfo", url=url, ref=ref)
    assert "hunter2" not in str(refusal.value)
