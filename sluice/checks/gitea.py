"""What `sluice check` finds on the repository's Gitea: the server, the token, the runners."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from sluice.checks.machine import Check
from sluice.errors import GiteaError
from sluice.gitea.bootstrap_plan import BOT_SCOPES
from sluice.gitea.client import Gitea
from sluice.gitea.connection import Connection

__all__ = ["gitea_checks", "scopes_of"]

_ABOUT: Final = "gitea"
_SCOPES: Final = re.compile(r"token scope=([\w:,-]*)")
_ASKS_FOR_ANOTHER_SCOPE: Final = ("/admin/users?limit=1", "/notifications?limit=1")


def gitea_checks(gitea: Gitea) -> Iterator[Check]:
    """Look at the server, what the token may do there, the branch's protection, the runners."""
    server = gitea.connection.server
    try:
        version = gitea.connection.get("/version", dict[str, str])["version"]
        yield Check(_ABOUT, True, f"{server}: Gitea {version}")
        permissions = gitea.connection.get(gitea.path(), dict[str, Any])["permissions"]
        yield from _scope_checks(scopes_of(gitea.connection))
        yield _permission(gitea, permissions)
        if permissions["admin"]:
            yield _protection(gitea)
            yield _runners(gitea)
    except GiteaError as error:
        yield Check(_ABOUT, False, str(error))


def scopes_of(connection: Connection) -> frozenset[str] | None:
    """Return a token's scopes, None where it has all.

    No endpoint tells them; the refusal of what another scope is needed for does.
    """
    for path in _ASKS_FOR_ANOTHER_SCOPE:
        try:
            connection.call("GET", path)
        except GiteaError as error:
            if error.reason and (found := _SCOPES.search(error.reason)):
                return frozenset(found[1].split(","))
    return None


def _scope_checks(scopes: frozenset[str] | None) -> Iterator[Check]:
    if scopes is None or "all" in scopes:
        yield Check(_ABOUT, True, "the token has every scope")
        return
    for wanted in BOT_SCOPES:
        if wanted in scopes:
            yield Check(_ABOUT, True, f"the token has the scope {wanted}")
        else:
            remedy = f"make a token that has {', '.join(BOT_SCOPES)}, and set GITEA_TOKEN"
            yield Check(_ABOUT, False, f"the token lacks the scope {wanted}", remedy)


def _permission(gitea: Gitea, permissions: dict[str, bool]) -> Check:
    if permissions["push"]:
        return Check(_ABOUT, True, f"the token's user may write {gitea.slug}")
    remedy = "give the user write access, or run sluice bootstrap gitea"
    return Check(_ABOUT, False, f"the token's user may not write {gitea.slug}", remedy)


def _protection(gitea: Gitea) -> Check:
    rules = gitea.connection.get(gitea.path("branch_protections"), list[dict[str, Any]])
    names = ", ".join(rule["rule_name"] for rule in rules)
    if names:
        return Check(_ABOUT, True, f"protected: {names}")
    return Check(_ABOUT, None, "no branch is protected", "sluice bootstrap gitea")


def _runners(gitea: Gitea) -> Check:
    runners = gitea.runners()
    online = [runner for runner in runners if runner.online]
    if not online:
        message = f"none of the repository's {len(runners)} runners is online"
        return Check(_ABOUT, None, message, "start one, where none serves the whole server")
    told = ", ".join(f"{runner.name}{' (busy)' if runner.busy else ''}" for runner in online)
    return Check(_ABOUT, True, f"runners online: {told}")
