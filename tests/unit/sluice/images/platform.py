"""A platform of two stacks with an automation in dev, its remote, and a registry that is a list."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import git

from components.errors import ArtifactError
from components.lib.locks.locked_image import ImageRequest, LockedImage
from sluice.git.committer import Committer

__all__ = ["Registry", "build", "write_files"]

ROOT = Path(__file__).parents[4]
ADA = Committer(name="Ada", mail="ada@example.com")
BASE = """\
from components import (
    Environment,
    ImagePolicy,
    ImagePolicyArgs,
    ImageRepository,
    ImageRepositoryArgs,
    SemVerPolicy,
    member,
)


class Platform(Environment):
    range: str = ">=1.0.0 <2.0.0"

    @member
    def registry(self) -> ImageRepository:
        return ImageRepository("app", ImageRepositoryArgs(image="gitea.local/raibid/app"))

    @member
    def app(self) -> ImagePolicy:
        return ImagePolicy(
            "app",
            ImagePolicyArgs(
                repository=self.registry, policy=SemVerPolicy(self.range), labels={"team": "a"}
            ),
        )

    @member
    def worker(self) -> ImagePolicy:
        repository = ImageRepository("worker", ImageRepositoryArgs(image="gitea.local/worker"))
        policy = SemVerPolicy("*")
        return ImagePolicy("worker", ImagePolicyArgs(repository=repository, policy=policy))
"""
DEV = """\
from components import ImageUpdateAutomation, ImageUpdateAutomationArgs, member
from stacks.base import Platform


class Dev(Platform):
    @member
    def images(self) -> ImageUpdateAutomation:
        return ImageUpdateAutomation(
            "apps",
            ImageUpdateAutomationArgs(
                author="Flux Bot <fluxbot@raibid.local>",
                path="apps",
                policy_selector={{"team": "a"}},
                message_template={template!r},
                branch={branch!r},
            ),
        )
"""
STAGING = "from stacks.base import Platform\n\n\nclass Staging(Platform):\n    pass\n"
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: app
  namespace: apps
spec:
  image: gitea.local/raibid/app:1.0.0 # {"$imagepolicy": "flux-system:app"}
  other: gitea.local/worker:1.0.0 # {"$imagepolicy": "flux-system:worker"}
"""


@dataclass
class Registry:
    """The tags of each image, whose digests follow from them."""

    tags: dict[str, list[str]] = field(
        default_factory=lambda: {
            "gitea.local/raibid/app": ["1.0.0", "1.1.0"],
            "gitea.local/worker": ["1.0.0", "3.0.0"],
        }
    )

    def newest(self, request: ImageRequest, _before: Any) -> LockedImage:
        tag = request.policy.latest(self.tags[request.source.image])
        if tag is None:
            raise ArtifactError(f"{request.source.image}: no tag satisfies {request.policy}")
        digest = f"sha256:{tag.replace('.', ''):0>64}"
        return LockedImage(name=request.name, **request.asked(), tag=tag, digest=digest)


def build(folder: Path, template: str = "", branch: str = "") -> Path:
    """Make `platform` in a folder and its remote beside it, which can be copied together."""
    git.Repo.init(folder / "remote.git", bare=True, initial_branch="main").close()
    root = folder / "platform"
    with git.Repo.init(root, initial_branch="main") as repo:
        repo.git.remote("add", "origin", "../remote.git")
        write_files(root, template, branch)
        repo.git.add("--all")
        ADA.commit(repo, "feat: a platform")
        repo.git.push("--set-upstream", "origin", "main")
    return root


def write_files(
    root: Path, template: str = "", branch: str = "", image: str = "gitea.local/raibid/app"
) -> None:
    """Write the platform's files."""
    stacks = root / "stacks"
    stacks.mkdir()
    shutil.copy2(ROOT / "Pulumi.yaml", root)
    shutil.copy2(ROOT / "stacks" / "__init__.py", stacks)
    (stacks / "base.py").write_text(BASE.replace("gitea.local/raibid/app", image))
    (stacks / "dev.py").write_text(DEV.format(template=template, branch=branch))
    (stacks / "staging.py").write_text(STAGING)
    for stack, follows in (("dev", ""), ("staging", "dev")):
        (stacks / f"Pulumi.{stack}.yaml").write_text(
            f"config:\n  infrastructure:context: {stack}\n  infrastructure:follows: '{follows}'\n"
        )
    (root / "apps").mkdir()
    (root / "apps" / "app.yaml").write_text(DEPLOYMENT.replace("gitea.local/raibid/app", image))
    (root / ".gitignore").write_text("/.sluice\n__pycache__\n")
