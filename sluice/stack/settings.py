"""What a stack does when a deployment fails: halt, try again, or go back to the last good one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sluice.errors import RepositoryError
from sluice.stack.repository import Repository

__all__ = ["FailurePolicy", "OnFailure"]


class OnFailure(StrEnum):
    """The values of `onFailure`, in a stack's file."""

    HALT = "halt"
    RETRY = "retry"
    ROLLBACK = "rollback"


@dataclass(frozen=True)
class FailurePolicy:
    """A stack's settings `onFailure` and `retries`; Flux's `remediation`.

    Attributes:
        on_failure: what is done; by default nothing.
        retries: how often a `retry` tries again; by default 3.

    """

    on_failure: OnFailure
    retries: int

    @classmethod
    def of(cls, repository: Repository, stack: str) -> FailurePolicy:
        """Read the stack's settings.

        Raises:
            RepositoryError: naming the file, where one has an unknown value.

        """
        where = f"stacks/Pulumi.{stack}.yaml: {repository.project}"
        wanted = repository.setting(stack, "onFailure") or OnFailure.HALT
        retries = str(repository.setting(stack, "retries") or 3)
        if wanted not in list(OnFailure):
            known = ", ".join(OnFailure)
            raise RepositoryError(f"{where}:onFailure is {wanted!r}, want one of {known}")
        if not retries.isdecimal():
            raise RepositoryError(f"{where}:retries is {retries!r}, want a whole number from 1")
        return cls(OnFailure(wanted), int(retries))
