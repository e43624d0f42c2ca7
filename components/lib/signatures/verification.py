"""Whether what is locked is signed by whom we trust, by a program of those who made the signature.

Only what lies in an OCI registry can be: an image, a chart, an artifact, by its digest.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

from components.errors import ArtifactError
from components.lib.files import atomic_file
from components.lib.files.digest import digest_of
from components.lib.registry.signed_artifact import SignedArtifact

__all__ = ["Trust", "Verification", "trusted"]

_SECONDS: Final = 120
_SHORT: Final = len("sha256:") + 16
_HUB: Final = ("docker.io", "https://index.docker.io/v1/")


class Verification(ABC):
    """A signature that something has to have before it is locked; `str` names it.

    Its files are named from the repository's root.
    """

    PROGRAM: ClassVar[str]
    """What checks it, which has to be on PATH."""
    INSTALLATION: ClassVar[str]
    """Where its installation is described."""

    @property
    @abstractmethod
    def files(self) -> Sequence[str]:
        """The files that say whom we trust."""

    def check(self, artifact: SignedArtifact, root: Path) -> None:
        """Verify an artifact; `root` is the repository's.

        Raises ArtifactError where it is not verified, which says why, and
        where the program or a file is not there.
        """
        program = shutil.which(self.PROGRAM)
        if program is None:
            raise ArtifactError(
                f"{artifact} has to be verified, and there is no `{self.PROGRAM}` on PATH;"
                f" install it, as {self.INSTALLATION} tells.",
            )
        with tempfile.TemporaryDirectory(prefix="sluice-") as folder:
            command = [program, "verify", *self._options(artifact, root), str(artifact)]
            environment = {
                **os.environ,
                **_login(artifact, Path(folder)),
                **self._environment(artifact, root, Path(folder)),
            }
            try:
                result = subprocess.run(
                    command,
                    env=environment,
                    capture_output=True,
                    text=True,
                    timeout=_SECONDS,
                    check=False,
                )
            except subprocess.TimeoutExpired:
                raise self._refusal(artifact, f"no answer within {_SECONDS} s") from None
        if result.returncode:
            raise self._refusal(artifact, self._reason(result.stderr))

    @abstractmethod
    def _options(self, artifact: SignedArtifact, root: Path) -> Sequence[str]:
        """Return what the program is told of whom we trust, and of the registry."""

    def _environment(self, artifact: SignedArtifact, root: Path, folder: Path) -> Mapping[str, str]:
        """Return what it is told by its environment; `folder` is there until it ends."""
        del artifact, root, folder
        return {}

    def file(self, path: str, root: Path) -> Path:
        """Return one of its files; raises ArtifactError where that is not there."""
        file = root / path
        if not file.is_file():
            raise ArtifactError(f"{path}, which is to verify what is locked, is not there.")
        return file

    def _reason(self, errors: str) -> str:
        lines = [line for line in errors.splitlines() if line.startswith("Error: ")]
        lines = lines or errors.strip().splitlines() or [f"{self.PROGRAM} says nothing"]
        return lines[0].removeprefix("Error: ").rstrip(".;:")

    def _refusal(self, artifact: SignedArtifact, reason: str) -> ArtifactError:
        return ArtifactError(
            f"{artifact} is not locked, as it is not verified by {self}: {reason};"
            " have it signed, or choose another version.",
        )


@dataclass(frozen=True)
class Trust:
    """A verification by the files of a repository; `str` is what a lock file says of it.

    Another key in the same file is another trust, and what is locked is verified anew.

    Attributes:
        verification: the signature that something has to have.
        root: the repository's root.
        digest: `sha256:…` of the files as they are, shortened; empty where there are none.

    """

    verification: Verification
    root: Path
    digest: str

    def __str__(self) -> str:
        return f"{self.verification} {self.digest}".rstrip()

    def check(self, artifact: SignedArtifact) -> None:
        """Verify an artifact; raises ArtifactError as `Verification.check` does."""
        self.verification.check(artifact, self.root)


def trusted(verification: Verification | None, root: Path) -> Trust | None:
    """Return a verification by the files that a repository has now; None for none.

    Raises ArtifactError naming a file that is not there.
    """
    if verification is None:
        return None
    each = [digest_of(verification.file(path, root).read_bytes()) for path in verification.files]
    digest = digest_of("".join(each).encode())[:_SHORT] if each else ""
    return Trust(verification, root, digest)


def _login(artifact: SignedArtifact, folder: Path) -> Mapping[str, str]:
    """Return how a program finds a password of ours, which is kept out of its arguments."""
    known = artifact.access
    if not known.password:
        return {}
    docker, url = _HUB
    host = url if artifact.registry == docker else artifact.registry
    pair = base64.b64encode(f"{known.username}:{known.password}".encode()).decode()
    content = json.dumps({"auths": {host: {"auth": pair}}}).encode()
    atomic_file.write(folder / "docker" / "config.json", content, mode=0o600)
    return {"DOCKER_CONFIG": str(folder / "docker")}
