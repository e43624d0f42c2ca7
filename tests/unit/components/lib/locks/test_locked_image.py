from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from components.errors import ArtifactError, DeclarationError
from components.lib.locks.image_source import ImageSource
from components.lib.locks.lock import Lock
from components.lib.locks.locked_image import ImageRequest, LockedImage, ReflectionPolicy
from components.lib.locks.resolution import changes, resolve
from components.lib.policies.policy import TagPolicy
from components.lib.policies.semver import SemVerPolicy

DIGEST = "sha256:" + "0123456789abcdef" * 4
TEXT = f"""\
# Written by `sluice lock`; reviewed and committed like code.
images:
  my-app:
    repository: gitea.local/raibid/my-app
    policy: semver >=1.0.0 <2.0.0
    tag: 1.4.2
    digest: {DIGEST}
    updated: 2026-11-23
    reason: "first locked"
"""
REQUEST = ImageRequest(
    name="my-app",
    source=ImageSource("gitea.local/raibid/my-app"),
    policy=TagPolicy(SemVerPolicy(">=1.0.0 <2.0.0")),
)
TODAY = date(2026, 11, 25)


@pytest.fixture
def lock(tmp_path: Path) -> Lock:
    file = tmp_path / "dev.lock.yaml"
    file.write_text(TEXT)
    return Lock.load(file)


def test_an_image_is_written_back_byte_for_byte(lock: Lock) -> None:
    assert lock.dump() == TEXT


def test_an_image_is_its_name_tag_and_digest(lock: Lock) -> None:
    assert lock.answer(REQUEST, "dev").image == f"gitea.local/raibid/my-app:1.4.2@{DIGEST}"


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"name": "app"}, "The image of 'app' is not locked; run `sluice lock dev`."),
        (
            {"policy": TagPolicy(SemVerPolicy("2.x"))},
            "its tag 1.4.2 is not allowed by the policy semver 2.x; run `sluice lock dev`.",
        ),
        (
            {"source": ImageSource("gitea.local/raibid/other")},
            "my-app, not gitea.local/raibid/other; run `sluice lock dev`.",
        ),
        (
            {"reflection": ReflectionPolicy.NEVER},
            "it has a digest, and the policy reflects it Never; run `sluice lock dev`.",
        ),
    ],
)
def test_an_entry_that_the_policy_does_not_allow_names_the_command_that_mends_it(
    lock: Lock, changed: dict[str, object], complaint: str
) -> None:
    with pytest.raises(ArtifactError) as refusal:
        lock.answer(replace(REQUEST, **changed), "dev")  # type: ignore[arg-type]
    assert str(refusal.value).endswith(complaint)


def test_an_entry_for_a_policy_that_is_gone_is_refused(lock: Lock) -> None:
    lock.refuse_unasked([REQUEST], "dev")
    with pytest.raises(ArtifactError, match=r"images\.my-app that .* run `sluice lock dev`\.$"):
        lock.refuse_unasked([], "dev")


def test_a_policy_that_allows_the_locked_tag_too_changes_only_what_is_said_of_it(
    lock: Lock,
) -> None:
    request = replace(REQUEST, policy=TagPolicy(SemVerPolicy("1.4.x")))
    following = resolve([request], lock, {}, TODAY)
    [change] = changes(lock, following)
    assert change.why == "policy semver >=1.0.0 <2.0.0 -> semver 1.4.x: still 1.4.2"


def test_an_image_without_a_digest_is_refused_where_one_is_reflected() -> None:
    locked = LockedImage(name="my-app", **REQUEST.asked(), tag="1.4.2")
    assert locked.mismatch(REQUEST) == "it has no digest, and the policy reflects it IfNotPresent"
    assert locked.image == "gitea.local/raibid/my-app:1.4.2"


@pytest.mark.parametrize("tag", ["", "a b", "-a", "a" * 129])
def test_what_is_no_tag_is_refused(tag: str) -> None:
    with pytest.raises(DeclarationError, match="is not a tag"):
        LockedImage(name="my-app", **REQUEST.asked(), tag=tag)
