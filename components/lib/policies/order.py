"""The order in which a strategy looks at tags."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Order"]


class Order(StrEnum):
    """Flux's words: the last of the ascending or of the descending order is selected."""

    ASC = "asc"
    DESC = "desc"
