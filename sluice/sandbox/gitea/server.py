"""Gitea in the sandbox: its configuration, its administrator, whether it answers.

<folder>/port            its port, kept across `down` and `up`
<folder>/app.ini         its configuration, with secrets of its own
<folder>/data/           its database and repositories
<folder>/admin-token     a token of the administrator
<folder>/password        the administrator's password
"""

from __future__ import annotations

import getpass
import os
import re
import secrets
import subprocess
from collections.abc import Mapping
from configparser import RawConfigParser
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Final

import requests

from components.lib.files.atomic_file import write_if_changed
from sluice.gitea.connection import Connection
from sluice.sandbox.errors import SandboxError
from sluice.sandbox.processes.ports import LOOPBACK, settle
from sluice.sandbox.processes.process import Unit, find

__all__ = ["ADMINISTRATOR", "GITEA", "PREFERRED_PORT", "GiteaServer"]

GITEA: Final = "gitea"
ADMINISTRATOR: Final = "raibid-admin"
PREFERRED_PORT: Final = 30080
_SECONDS: Final = 2.0
_TOKEN: Final = re.compile(r"^.*token was successfully created.*?([0-9a-f]{40})$", re.MULTILINE)


@dataclass(frozen=True)
class GiteaServer:
    """The server whose state is in `folder`."""

    folder: Path

    @property
    def unit(self) -> Unit:
        """The place of its process."""
        return Unit(GITEA, GITEA, self.folder)

    @property
    def configuration(self) -> Path:
        """Its app.ini."""
        return self.folder / "app.ini"

    @property
    def token_file(self) -> Path:
        """The file of the administrator's token."""
        return self.folder / "admin-token"

    @property
    def password_file(self) -> Path:
        """The file of the administrator's password."""
        return self.folder / "password"

    def port(self) -> int | None:
        """Its port, or None before the first start."""
        try:
            return int((self.folder / "port").read_text())
        except FileNotFoundError:
            return None

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://localhost:{self.port()}"

    def prepare(self, *, preferred: bool) -> None:
        """Choose a port and write the configuration.

        The port is 30080 where that is free and, by `preferred`, this sandbox's to take.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        running = {GITEA} if find(self.unit) else set()
        kept = self.port() or PREFERRED_PORT
        is_ours = preferred or running or kept != PREFERRED_PORT
        ports = settle(GITEA, {GITEA: kept if is_ours else None}, fixed={}, running=running)
        write_if_changed(self.folder / "port", str(ports[GITEA]))
        write_if_changed(self.configuration, _ini(self._settings()))

    def command(self, programs: Path) -> list[str]:
        """How to start it from the folder of executables `programs`."""
        return [str(programs / GITEA), "web", "--config", str(self.configuration)]

    def is_healthy(self) -> bool:
        """Whether it answers."""
        with requests.Session() as session:
            session.trust_env = False  # a proxy never stands before the loopback
            try:
                url = f"http://{LOOPBACK}:{self.port()}/api/healthz"
                return session.get(url, timeout=_SECONDS).ok
            except requests.RequestException:
                return False

    def ensure_administrator(self, programs: Path) -> Connection:
        """Return a connection as the administrator, who is made if need be."""
        if self.token_file.exists():
            return self._connection()
        created = self._admin(
            programs,
            *("create", "--admin", "--username", ADMINISTRATOR, "--must-change-password=false"),
            *("--email", f"{ADMINISTRATOR}@noreply.localhost", "--random-password"),
            *("--access-token", "--access-token-name", "sandbox", "--access-token-scopes", "all"),
        )
        found = _TOKEN.search(created.stdout)
        # An earlier `up` may have been killed before it could write the token down.
        token = found[1] if found else self._another_token(programs, created.stderr)
        connection = Connection(self.url, f"token {token}")
        self._set_password(connection)
        write_if_changed(self.token_file, token)
        return connection

    def _connection(self) -> Connection:
        return Connection(self.url, f"token {self.token_file.read_text()}")

    def _another_token(self, programs: Path, why: str) -> str:
        name = f"sandbox-{secrets.token_hex(4)}"
        made = self._admin(
            programs,
            *("generate-access-token", "--username", ADMINISTRATOR, "--token-name", name),
            *("--scopes", "all", "--raw"),
        )
        if made.returncode != 0:
            raise SandboxError(
                f"gitea has no user {ADMINISTRATOR} and makes none; correct the cause and run "
                f"`sluice sandbox up --gitea` again. It said: {(why or made.stderr).strip()}"
            )
        return made.stdout.split()[-1]

    def _set_password(self, connection: Connection) -> None:
        """Give the administrator a password that was on no command line and in no output."""
        password = secrets.token_urlsafe(18)
        body = {"login_name": ADMINISTRATOR, "source_id": 0, "password": password}
        connection.call("PATCH", f"/admin/users/{ADMINISTRATOR}", body=body)
        write_if_changed(self.password_file, password)

    def _admin(self, programs: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [programs / GITEA, "--config", self.configuration, "admin", "user", *arguments],
            cwd=self.folder,
            env={"PATH": os.environ.get("PATH", os.defpath), "HOME": str(self.folder)},
            capture_output=True,
            text=True,
            check=False,
        )

    def _settings(self) -> Mapping[str, Mapping[str, object]]:
        data = self.folder / "data"
        return {
            "": {
                "APP_NAME": "Sluice sandbox",
                "RUN_MODE": "prod",
                "RUN_USER": getpass.getuser(),
                "WORK_PATH": data,
                **({"I_AM_BEING_UNSAFE_RUNNING_AS_ROOT": True} if os.geteuid() == 0 else {}),
            },
            "server": {
                "PROTOCOL": "http",
                "HTTP_ADDR": LOOPBACK,
                "HTTP_PORT": self.port(),
                "ROOT_URL": f"{self.url}/",
                "DISABLE_SSH": True,
                "OFFLINE_MODE": True,
            },
            # On a busy machine a write waits for longer than half a second, the default.
            "database": {
                "DB_TYPE": "sqlite3",
                "SQLITE_JOURNAL_MODE": "WAL",
                "SQLITE_TIMEOUT": 30_000,
            },
            "security": {
                "INSTALL_LOCK": True,
                "SECRET_KEY": self._kept("SECRET_KEY", 32),
                "INTERNAL_TOKEN": self._kept("INTERNAL_TOKEN", 64),
            },
            "oauth2": {"JWT_SECRET": self._kept("JWT_SECRET", 32)},
            "service": {"DISABLE_REGISTRATION": True},
            "repository": {"DEFAULT_BRANCH": "main"},
            # A job whose runner was killed makes room for the next one within a minute.
            "actions": {
                "ENABLED": True,
                "DEFAULT_ACTIONS_URL": "self",
                "ZOMBIE_TASK_TIMEOUT": "30s",
            },
            "cron.stop_zombie_tasks": {"SCHEDULE": "@every 15s"},
            "indexer": {"ISSUE_INDEXER_TYPE": "db"},
            "cron.update_checker": {"ENABLED": False},
            "webhook": {"ALLOWED_HOST_LIST": "loopback"},
            "log": {"MODE": "console", "LEVEL": "warn"},
        }

    def _kept(self, name: str, size: int) -> str:
        """A secret of the server's own, made once."""
        if self.configuration.exists():
            found = re.search(rf"^{name} = (\S+)$", self.configuration.read_text(), re.MULTILINE)
            if found:
                return found[1]
        return secrets.token_urlsafe(size)


def _ini(settings: Mapping[str, Mapping[str, object]]) -> str:
    parser = RawConfigParser(default_section="")
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_dict({name: values for name, values in settings.items() if name})
    buffer = StringIO()
    for key, value in settings[""].items():
        buffer.write(f"{key} = {value}\n")
    buffer.write("\n")
    parser.write(buffer)
    return buffer.getvalue()
