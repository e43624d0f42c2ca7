"""A home for Pulumi in which it keeps no log of its own.

Beside what it shows, the engine writes all that it does to `$PULUMI_HOME/logs`,
secret values included (compressed, then encrypted), which is a third of its
time. No switch turns that off, but where it cannot make the folder it goes on
without. docs/speed.md has the figures.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

__all__ = ["quiet_home"]

_FOLDERS = ("plugins", "policies", "templates", "workspaces")
_FILES = ("config.json", "credentials.json")
_INSTEAD_OF_LOGS = "A file, so that Pulumi keeps no log of its own here: docs/speed.md\n"


def quiet_home(local: Path) -> Path:
    """Return the home below `local`: the user's plugins, login and selected stacks, no logs."""
    home = local / "pulumi-home"
    users = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
    if users.resolve() == home.resolve():
        return home
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    (home / "logs").write_text(_INSTEAD_OF_LOGS)
    for folder in _FOLDERS:
        (users / folder).mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in (*_FOLDERS, *_FILES):
        with suppress(FileExistsError):
            (home / name).symlink_to(users / name)
    return home
