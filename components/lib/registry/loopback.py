"""Whether a host is this machine. Apart, as HTTP costs time at start and this does not."""

from __future__ import annotations

import ipaddress

__all__ = ["is_loopback"]


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine by name or address, so that plain HTTP is in order."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
