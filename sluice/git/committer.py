"""Who a commit is by, and how it is signed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import git

__all__ = ["AS_CONFIGURED", "Committer"]

_FORMATS: Final = {"gpg": "openpgp", "ssh": "ssh"}


@dataclass(frozen=True)
class Committer:
    """The author and committer of commits; what is empty is as Git is configured.

    Attributes:
        name, mail: who.
        sign_off: whether the message ends with `Signed-off-by`.
        key: the key that signs, as Git's `user.signingKey`.
        key_type: `gpg` or `ssh`.

    """

    name: str = ""
    mail: str = ""
    sign_off: bool = False
    key: str = ""
    key_type: str = "gpg"

    def commit(self, repo: git.Repo, message: str) -> None:
        """Commit what is staged; raises git.GitCommandError with Git's reason."""
        options = {"sign_off": "--signoff", "key": "--gpg-sign"}
        given = [option for field, option in options.items() if getattr(self, field)]
        command = [repo.git.GIT_PYTHON_GIT_EXECUTABLE, *self._settings(), "commit", *given]
        repo.git.execute([*command, "--message", message], env=self._environment())

    def _settings(self) -> list[str]:
        if not self.key:
            return []
        chosen = {"user.signingKey": self.key, "gpg.format": _FORMATS[self.key_type]}
        return [part for key, value in chosen.items() for part in ("-c", f"{key}={value}")]

    def _environment(self) -> dict[str, str]:
        who = {"NAME": self.name, "EMAIL": self.mail}
        return {
            f"GIT_{role}_{part}": value
            for role in ("AUTHOR", "COMMITTER")
            for part, value in who.items()
            if value
        }


AS_CONFIGURED: Final = Committer()
"""Whoever Git is configured for."""
