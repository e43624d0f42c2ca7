from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from components import (
    Application,
    ApplicationArgs,
    ImagePolicy,
    ImagePolicyArgs,
    ImageRepository,
    ImageRepositoryArgs,
    NumericalPolicy,
    ReflectionPolicy,
    SemVerPolicy,
    TagFilter,
)
from components.lib.registry.mirrors import Mirrors
from components.runtime.answers import LOCKED, LockedArtifacts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Declare

NAME = "gitea.local/raibid/my-app"
DIGEST = f"sha256:{'a' * 64}"
LOCK = f"""\
images:
  my-app:
    repository: {NAME}
    policy: semver >=1.0.0 <2.0.0
    tag: 1.4.2
    digest: {DIGEST}
    updated: 2026-11-25
    reason: "first locked"
"""


@pytest.fixture
def lock(tmp_path: Path, charts: object) -> Iterator[Path]:  # noqa: ARG001 - set after it
    """The lock file of the stack, as the program reads it."""
    file = tmp_path / "stacks" / "dev.lock.yaml"
    file.parent.mkdir()
    file.write_text(LOCK)
    token = LOCKED.set(LockedArtifacts.of(tmp_path, "dev", Mirrors()))
    yield file
    LOCKED.reset(token)


def policy(range_: str = ">=1.0.0 <2.0.0", **arguments: Any) -> ImagePolicy:
    source = ImageRepository("my-app", ImageRepositoryArgs(image=NAME))
    given = {"policy": SemVerPolicy(range_), **arguments}
    return ImagePolicy("my-app", ImagePolicyArgs(repository=source, **given))


@pytest.mark.usefixtures("lock")
def test_a_policy_is_the_image_of_the_lock(declare: Declare) -> None:
    made: list[ImagePolicy] = []
    registered = declare(lambda: made.append(policy()))
    [made_policy] = made
    assert made_policy.image == f"{NAME}:1.4.2@{DIGEST}"
    assert (made_policy.repository, made_policy.tag, made_policy.digest) == (NAME, "1.4.2", DIGEST)
    assert registered.names() == ["my-app", "my-app"]
    assert registered.outputs["ImagePolicy my-app"] == {"image": made_policy.image}


@pytest.mark.usefixtures("lock")
def test_an_application_runs_what_a_policy_selects(declare: Declare) -> None:
    registered = declare(lambda: Application("my-app", ApplicationArgs(image=policy())))
    [container] = registered.object("Deployment")["spec"]["template"]["spec"]["containers"]
    assert container["image"] == f"{NAME}:1.4.2@{DIGEST}"


@pytest.mark.usefixtures("lock")
@pytest.mark.parametrize(
    ("declaration", "problem"),
    [
        (lambda: policy("2.x"), "its tag 1.4.2 is not allowed by the policy semver 2.x; run"),
        (lambda: policy("newest"), "'newest' is not a version range"),
        (lambda: policy(filter_tags=TagFilter("(")), "'(' is not a regular expression of Go's"),
        (lambda: policy(policy="1.x"), "policy: '1.x' is no SemVerPolicy"),
        (lambda: policy(policy=NumericalPolicy()), "not allowed by the policy numerical asc"),
        (
            lambda: policy(digest_reflection_policy=ReflectionPolicy.NEVER),
            "it has a digest, and the policy reflects it Never",
        ),
        (lambda: policy(digest_reflection_policy="Often"), "'Often' is none of Always, If"),
    ],
)
def test_a_policy_that_the_lock_does_not_answer_is_refused_where_it_is_declared(
    refused: Callable[..., str], here: str, declaration: Callable[[], Any], problem: str
) -> None:
    error = refused(declaration)
    assert re.match(rf"{re.escape(here)}:\d+: ImagePolicy 'my-app': ", error)
    assert problem in error


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (
            {"image": f"{NAME}:1.4.2"},
            "image: 'gitea.local/raibid/my-app:1.4.2' has a tag or digest",
        ),
        ({"image": "My App"}, "image: 'My App' is not an image's name"),
        ({"image": NAME, "exclusion_list": ["("]}, "exclusion_list: '(' is not a regular"),
    ],
)
def test_a_wrong_repository_is_refused_where_it_is_declared(
    refused: Callable[..., str], here: str, arguments: dict[str, Any], problem: str
) -> None:
    error = refused(lambda: ImageRepository("my-app", ImageRepositoryArgs(**arguments)))
    assert re.match(rf"{re.escape(here)}:\d+: ImageRepository 'my-app': ", error)
    assert problem in error
