"""What happened to a stack, told once to those whom its `Alert`s name.

What happened is decided where it happens; the lines of `sluice logs` are
written in `sluice.update_log`.
"""

from sluice.alerts.event import Event, Severity, Topic
from sluice.alerts.publication import publish

__all__ = ["Event", "Severity", "Topic", "publish"]
