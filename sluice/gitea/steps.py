"""The steps of bootstrapping: each looks, makes or repairs one thing, and says what it did."""

from __future__ import annotations

import secrets as randomness
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import giteapy
import msgspec
from urllib3.util import make_headers

from sluice.errors import GiteaError
from sluice.gitea.bootstrap_plan import (
    BOT_SCOPES,
    BOT_TOKEN,
    BootstrapPlan,
    LabelPlan,
    Outcome,
    Result,
)
from sluice.gitea.client import Gitea
from sluice.gitea.connection import Connection

__all__ = ["Steps"]

_TOKEN_NAME: Final = "sluice"  # noqa: S105 - the token's name
_KEY_TITLE: Final = "sluice"
_TEAM_UNITS: Final = ("repo.code", "repo.issues", "repo.pulls", "repo.actions", "repo.packages")
_NOT_FOUND: Final = 404


class _Named(msgspec.Struct, frozen=True):
    """A secret, a variable, which has `data`, or a team, which has an `id`."""

    name: str
    id: int = 0
    data: str = ""


class _DeployKey(msgspec.Struct, frozen=True):
    id: int
    title: str
    key: str


@dataclass(frozen=True)
class Steps:
    """The steps of a plan; each makes sure of one thing and says what it did."""

    gitea: Gitea
    plan: BootstrapPlan

    @property
    def _connection(self) -> Connection:
        return self.gitea.connection

    def owner(self) -> Result:
        """Make the organisation, where the owner is neither that nor a user."""
        subject = f"owner {self.gitea.owner}"
        if self._connection.exists(f"/users/{self.gitea.owner}"):
            return Result(subject, "in order")
        self._connection.call("POST", "/orgs", body={"username": self.gitea.owner})
        return Result(f"organisation {self.gitea.owner}", "made")

    def repository(self) -> Result:
        """Make the repository, or turn on what the pipeline needs of it."""
        subject = f"repository {self.gitea.slug}"
        there = self._connection.find(self.gitea.path(), dict[str, Any])
        if there is None:
            path = f"/orgs/{self.gitea.owner}/repos" if self._is_organisation else "/user/repos"
            body = {
                "name": self.gitea.name,
                "private": self.plan.private,
                "default_branch": self.plan.branch,
            }
            self._connection.call("POST", path, body=body)
            return Result(subject, "made")
        wanted = {"has_actions": True, "has_pull_requests": True, "has_issues": True}
        if all(there.get(key) == value for key, value in wanted.items()):
            return Result(subject, "in order")
        self._connection.call("PATCH", self.gitea.path(), body=wanted)
        return Result(subject, "repaired")

    def bot(self, keep: Callable[[str], None] | None, *, renew: bool) -> Iterator[Result]:
        """Make the bot's account and token; `keep` is given a token that is new."""
        bot = self.plan.bot
        made = not self._connection.exists(f"/users/{bot}")
        if made:
            self._connection.call("POST", "/admin/users", body=self._account(_password()))
        yield Result(f"user {bot}", "made" if made else "in order")
        yield self._team() if self._is_organisation else self._collaborator()
        if BOT_TOKEN in self.plan.secrets:
            return
        if renew or made or BOT_TOKEN not in self._names("secrets"):
            token = self._new_token()
            yield self.secret(BOT_TOKEN, token)
            if keep is not None:
                keep(token)

    def protection(self) -> Result:
        """Protect the branch: only the bot pushes to it, the rest goes by pull requests."""
        plan = self.plan
        subject = f"protection of {plan.branch}"
        wanted = {
            "enable_push": True,
            "enable_push_whitelist": True,
            "push_whitelist_usernames": [plan.bot],
            "enable_force_push": False,
            "enable_status_check": bool(plan.checks),
            "status_check_contexts": list(plan.checks),
            "required_approvals": plan.approvals,
            "dismiss_stale_approvals": True,
            "block_on_rejected_reviews": True,
        }
        path = self.gitea.path("branch_protections", plan.branch)
        there = self._connection.find(path, dict[str, Any])
        if there is None:
            body = {"rule_name": plan.branch, **wanted}
            self._connection.call("POST", self.gitea.path("branch_protections"), body=body)
            return Result(subject, "made")
        if all((there.get(key) or type(value)()) == value for key, value in wanted.items()):
            return Result(subject, "in order")
        self._connection.call("PATCH", path, body=wanted)
        return Result(subject, "repaired")

    def label(self, plan: LabelPlan) -> Result:
        """Make a label, or give it its colour and description."""
        there = next((x for x in self.gitea.repository_labels() if x.name == plan.name), None)
        subject = f"label {plan.name}"
        if there is None:
            self.gitea.create_label(plan.name, plan.color, plan.description)
            return Result(subject, "made")
        if (f"#{there.color}", there.description) == (plan.color, plan.description):
            return Result(subject, "in order")
        body = {"color": plan.color, "description": plan.description}
        self._connection.call("PATCH", self.gitea.path("labels", there.id), body=body)
        return Result(subject, "repaired")

    def secret(self, name: str, value: str) -> Result:
        """Set a secret of the repository's Actions."""
        made = name not in self._names("secrets")
        path = self.gitea.path("actions", "secrets", name)
        self._connection.call("PUT", path, body={"data": value})
        return Result(f"secret {name}", "made" if made else "set")

    def variable(self, name: str, value: str) -> Result:
        """Set a variable of the repository's Actions."""
        path = self.gitea.path("actions", "variables", name)
        there = self._connection.find(path, _Named)
        if there is not None and there.data == value:
            return Result(f"variable {name}", "in order")
        self._connection.call("PUT" if there else "POST", path, body={"name": name, "value": value})
        return Result(f"variable {name}", "repaired" if there else "made")

    def deploy_key(self) -> Result:
        """Add the deploy key; one of the same title that is another is removed."""
        subject = "deploy key"
        wanted = _without_comment(self.plan.deploy_key)
        keys = list(self._connection.pages(self.gitea.path("keys"), _DeployKey))
        if any(_without_comment(key.key) == wanted for key in keys):
            return Result(subject, "in order")
        api = giteapy.RepositoryApi(self._connection.api)
        stale = [key for key in keys if key.title == _KEY_TITLE]
        for key in stale:
            api.repo_delete_key(self.gitea.owner, self.gitea.name, key.id, _preload_content=False)
        body = {"title": _KEY_TITLE, "key": self.plan.deploy_key, "read_only": True}
        api.repo_create_key(self.gitea.owner, self.gitea.name, body=body, _preload_content=False)
        return Result(subject, "repaired" if stale else "made")

    def runner(self) -> Result:
        """Say which of the repository's runners are online."""
        online = [runner.name for runner in self.gitea.runners() if runner.online]
        if online:
            return Result("runner", "in order", ", ".join(online))
        return Result("runner", "missing", "none of this repository's runners is online")

    @property
    def _is_organisation(self) -> bool:
        return self._connection.exists(f"/orgs/{self.gitea.owner}")

    def _names(self, kind: str) -> set[str]:
        path = self.gitea.path("actions", kind)
        return {item.name for item in self._connection.pages(path, _Named)}

    def _account(self, password: str) -> dict[str, Any]:
        bot = self.plan.bot
        return {
            "username": bot,
            "email": f"{bot}@noreply.localhost",
            "password": password,
            "must_change_password": False,
        }

    def _team(self) -> Result:
        """A team with what the bot needs: a collaborator may not write the owner's packages."""
        subject = f"team {self.plan.bot} of {self.gitea.owner}"
        teams = self._connection.pages(f"/orgs/{self.gitea.owner}/teams", _Named)
        team = next((team.id for team in teams if team.name == self.plan.bot), None)
        outcome: Outcome = "in order"
        if team is None:
            outcome = "made"
            body = {
                "name": self.plan.bot,
                "permission": "write",
                "units_map": dict.fromkeys(_TEAM_UNITS, "write"),
            }
            answer = self._connection.call("POST", f"/orgs/{self.gitea.owner}/teams", body=body)
            team = msgspec.json.decode(answer.data, type=_Named).id
        for path in (f"/teams/{team}/members/{self.plan.bot}", f"/teams/{team}{self.gitea.path()}"):
            if not self._connection.exists(path):
                self._connection.call("PUT", path)
                outcome = "repaired" if outcome == "in order" else outcome
        return Result(subject, outcome)

    def _collaborator(self) -> Result:
        path = self.gitea.path("collaborators", self.plan.bot)
        there = self._connection.find(f"{path}/permission", dict[str, Any]) or {}
        if there.get("permission") == "write":
            return Result(f"collaborator {self.plan.bot}", "in order")
        self._connection.call("PUT", path, body={"permission": "write"})
        return Result(f"collaborator {self.plan.bot}", "made")

    def _new_token(self) -> str:
        """Make the bot's token as the bot itself: Gitea lets nobody else, not by a token.

        The bot's password is one that nobody knows afterwards.
        """
        bot, password = self.plan.bot, _password()
        body = {"login_name": bot, "source_id": 0, "password": password}
        self._connection.call("PATCH", f"/admin/users/{bot}", body=body)
        basic = make_headers(basic_auth=f"{bot}:{password}")["authorization"]
        its_own = Connection(self._connection.server, basic)
        try:
            its_own.call("DELETE", f"/users/{bot}/tokens/{_TOKEN_NAME}")
        except GiteaError as error:
            if error.status != _NOT_FOUND:
                raise
        wanted = {"name": _TOKEN_NAME, "scopes": list(BOT_SCOPES)}
        answer = its_own.call("POST", f"/users/{bot}/tokens", body=wanted)
        return str(msgspec.json.decode(answer.data)["sha1"])


def _password() -> str:
    return f"{randomness.token_urlsafe(24)}aA1!"


def _without_comment(line: str) -> list[str]:
    """Return the type and the body of a public key."""
    return line.split()[:2]
