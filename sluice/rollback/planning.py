"""What a rollback would do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sluice.engine.engine import Outcome
from sluice.rollback.restoration import Restoration

__all__ = ["Plan"]


@dataclass(frozen=True)
class Plan:
    """What a rollback would do.

    Attributes:
        outcome: what happens to each object on the cluster.
        lost: a sentence for each thing that does not come back.
        restoration: the files that Git gets back; none where it has them already.
        others: what other stacks declare otherwise with those files: titles of objects, by stack.

    """

    outcome: Outcome
    lost: Sequence[str]
    restoration: Restoration
    others: Mapping[str, Sequence[str]]
