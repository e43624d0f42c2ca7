"""A pull request on the real server, told what merging it does, and the merge held to that."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sluice.errors import ReviewError
from sluice.gitea.connection import Connection
from sluice.pipeline.keeping import kept, package
from sluice.pipeline.report import DATA_LOSS, report
from sluice.pipeline.reviewed import Merge, check_reviewed
from sluice.report.comment import LABEL, LIMIT, Place, comment
from sluice.stack.repository import Repository
from tests.gitea_sandbox import GiteaSandbox
from tests.unit.sluice.previews import CORPUS, LONG, change, preview

if TYPE_CHECKING:
    from sluice.report.record import StackPreview

CLAIM = change("delete", "PersistentVolumeClaim", "data")


def test_one_comment_is_kept_up_to_date_and_the_merge_runs_what_it_showed(
    gitea: GiteaSandbox, tmp_path: Path
) -> None:
    clone, bot = gitea.clone(tmp_path / "clone"), gitea.bot
    before = clone.git("rev-parse", "HEAD")
    clone.write("a.txt", "a change")
    commit = clone.push("reported", "Change")
    request = bot.propose(head="reported", base="main", title="Change", body="")
    number = request.number

    def tell(previews: list[StackPreview] | None) -> dict[str, tuple[str, str]]:
        given = previews and [replace(each, commit=commit) for each in previews]
        said = report(bot, number, commit, given)
        assert said.startswith(f"#{number}: "), said
        return {each.context: (each.state, each.description) for each in bot.statuses(commit)}

    assert tell(CORPUS["failed"])["sluice/dev"][0] == "failure"
    tell(LONG)
    (posted,) = bot.comments(number)
    assert len(posted.body.encode()) <= LIMIT
    (link,) = set(re.findall(r"\[the full report\]\(([^)]*)\)", posted.body))
    assert link.endswith(f"/generic/{package(bot)}/{commit}/report.html")
    whole = bot.download_package(package(bot), commit, "report.html").decode()
    assert "map-119" in whole

    told = tell([preview(CLAIM)])
    assert told["sluice/dev"][0] == "success"
    assert told[DATA_LOSS] == ("failure", f"needs the label {LABEL}: dev: {_named()}")
    bot.add_labels(number, [LABEL])
    assert tell(None)[DATA_LOSS][0] == "success"
    assert [each.dangerous for each in kept(bot, commit)] == [[CLAIM]]
    (posted,) = bot.comments(number)
    assert f"The label `{LABEL}` allows it." in posted.body
    old = report(bot, number, before, CORPUS["many"])
    assert (
        old == f"#{number} is at {commit[:7]} by now: the previews of {before[:7]} are not posted"
    )

    merged = gitea.admin.merge(number).merge_commit
    clone.git("fetch", "--quiet", "origin", "main")
    merge = Merge(Repository(clone.root), bot, before, merged)
    check_reviewed(merge, "dev", lambda: [CLAIM])
    other = change("delete", "PersistentVolumeClaim", "other")
    with pytest.raises(ReviewError, match=rf"web/other.*\(#{number} showed something else\)"):
        check_reviewed(merge, "dev", lambda: [CLAIM, other])
    with pytest.raises(ReviewError, match=rf"of #{number} no preview of prod is kept"):
        check_reviewed(merge, "prod", lambda: [CLAIM])


@pytest.mark.parametrize("name", CORPUS)
def test_of_a_program_s_text_gitea_makes_no_link_and_nothing_that_runs(
    gitea: GiteaSandbox, name: str
) -> None:
    connection = gitea.bot.connection
    place = Place(gitea.bot.url, connection.server)
    shown = _rendered(connection, comment(CORPUS[name], place, allowed=False), gitea.bot.slug)
    assert not set(re.findall(r"<(\w+)", shown)) & {"script", "img", "iframe", "h1", "hr"}
    assert shown.count("<details") == shown.count("</details>") == ("<summary>" in shown)
    for address in re.findall(r'href="([^"]*)"', shown):
        ours = (f"{place.repository}/commit/", f"{place.repository}/src/commit/")
        assert address.startswith((*ours, "https://hub.docker.com/", "https://charts.bitnami.com/"))


def _named() -> str:
    return f"{CLAIM.kind} {CLAIM.namespace}/{CLAIM.name}"


def _rendered(connection: Connection, text: str, context: str) -> str:
    body = {"Text": text, "Mode": "comment", "Context": context, "Wiki": False}
    content: bytes = connection.call("POST", "/markdown", body=body).data
    return content.decode()
