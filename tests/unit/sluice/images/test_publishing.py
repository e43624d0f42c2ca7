"""Image updates into the working tree, onto branches and into pull requests."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import git
import pytest

from components.errors import ArtifactError, DeclarationError
from components.lib.locks.lock import Lock
from sluice.errors import RepositoryError
from sluice.git.remote import Remote
from sluice.gitea.client import Gitea
from sluice.gitea.proposal import Proposed
from sluice.images.publishing import Publication, write_here
from sluice.images.telling import image_event
from sluice.images.updating import Automations
from sluice.stack.repository import Repository
from tests.unit.sluice.forge import Forge

if TYPE_CHECKING:
    from conftest import MakePlatform

    from tests.unit.sluice.images.platform import Registry

DIGEST = f"sha256:{'110':0>64}"
NEW = f"gitea.local/raibid/app:1.1.0@{DIGEST}"


def locked(repository: Repository, stack: str = "dev") -> dict[str, str]:
    lock = Lock.load(repository.root / "stacks" / f"{stack}.lock.yaml")
    return {name: image.image for name, image in lock.images.items()}


def publication(repository: Repository) -> Publication:
    remote = Remote.of(repository)
    automations = Automations.of(repository)
    return Publication(remote, automations.found[0], automations, remote.fetch())


def shown(repository: Repository, commit: str, path: str) -> str:
    return str(git.Repo(repository.root).git.show(f"{commit}:{path}"))


def subjects(repository: Repository, branch: str) -> list[str]:
    repo = git.Repo(repository.root)
    repo.git.fetch("origin")
    return str(repo.git.log("--format=%an: %s", f"origin/{branch}")).splitlines()


def commit_all(repository: Repository, message: str) -> None:
    repo = git.Repo(repository.root)
    repo.git.add("--all")
    repo.git.commit("--message", message)
    repo.git.push("origin", "HEAD:main")


@pytest.mark.usefixtures("registry")
def test_lock_and_marked_yaml_are_written_of_the_policies_that_are_followed(
    platform: Repository,
) -> None:
    (update,) = write_here(platform)

    assert locked(platform) == {"app": NEW}
    text = (platform.root / "apps" / "app.yaml").read_text()
    assert f'image: {NEW} # {{"$imagepolicy": "flux-system:app"}}' in text
    assert "other: gitea.local/worker:1.0.0 #" in text
    assert list(update.files) == ["stacks/dev.lock.yaml", "apps/app.yaml"]
    assert not (platform.root / "stacks" / "staging.lock.yaml").exists()


@pytest.mark.usefixtures("registry")
def test_a_second_update_changes_nothing(platform: Repository) -> None:
    write_here(platform)
    commit_all(platform, "chore: images")
    (update,) = write_here(platform)
    assert update.files == {}
    assert git.Repo(platform.root).git.status("--porcelain") == ""


@pytest.mark.usefixtures("registry")
@pytest.mark.parametrize("file", ["apps/app.yaml", "stacks/dev.lock.yaml"])
def test_a_file_with_changes_of_ones_own_is_refused_and_nothing_written(
    platform: Repository, file: str
) -> None:
    with (platform.root / file).open("a") as opened:
        opened.write("# mine\n")
    before = git.Repo(platform.root).git.diff() + (platform.root / file).read_text()
    with pytest.raises(RepositoryError, match=f"{file} has changes that are not committed"):
        write_here(platform)
    assert git.Repo(platform.root).git.diff() + (platform.root / file).read_text() == before


@pytest.mark.usefixtures("registry")
@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("b.yaml", 'x: y # {"$imagepolicy": "flux-system:nobody"}', "apps/b.yaml:1: the marker"),
        ("b.yml", 'x: [ # {"$imagepolicy": "flux-system:app"}', "apps/b.yml:1: not YAML"),
        ("Kustomization", 'x: y # {"$imagepolicy": 1}', "apps/Kustomization:1: {"),
    ],
)
def test_a_wrong_file_is_named_and_nothing_written(
    platform: Repository, name: str, text: str, problem: str
) -> None:
    (platform.root / "apps" / name).write_text(text)
    with pytest.raises(DeclarationError) as refused:
        write_here(platform)
    assert problem in str(refused.value)
    assert locked(platform) == {}
    assert "1.0.0 #" in (platform.root / "apps" / "app.yaml").read_text()


@pytest.mark.usefixtures("registry")
def test_a_file_that_is_not_utf_8_is_refused(platform: Repository) -> None:
    (platform.root / "apps" / "b.yaml").write_bytes(b'x: \xff # {"$imagepolicy": "a:b"}')
    with pytest.raises(DeclarationError, match=r"apps/b\.yaml: not UTF-8"):
        write_here(platform)


@pytest.mark.usefixtures("registry")
def test_a_path_that_is_not_there_is_refused(platform: Repository) -> None:
    (platform.root / "apps" / "app.yaml").rename(platform.root / "app.yaml")
    (platform.root / "apps").rmdir()
    with pytest.raises(DeclarationError, match=r"dev\.py:\d+: path: there is no 'apps'"):
        write_here(platform)


def test_a_policy_that_nothing_satisfies_writes_nothing(
    platform: Repository, registry: Registry
) -> None:
    registry.tags["gitea.local/raibid/app"] = ["3.0.0"]
    with pytest.raises(ArtifactError, match="no tag satisfies"):
        write_here(platform)
    assert locked(platform) == {}


@pytest.mark.usefixtures("registry")
def test_what_git_does_not_have_and_links_are_left_alone(platform: Repository) -> None:
    marked = 'x: y # {"$imagepolicy": "flux-system:nobody"}\n'
    (platform.root / ".gitignore").write_text("/.sluice\n__pycache__\nbuild\n")
    (platform.root / "apps" / "build").mkdir()
    (platform.root / "apps" / "build" / "x.yaml").write_text(marked)
    (platform.root / "outside.yaml").write_text(marked)
    (platform.root / "apps" / "link.yaml").symlink_to("../outside.yaml")
    (platform.root / "apps" / "notes.txt").write_text(marked)
    assert write_here(platform)


@pytest.mark.usefixtures("registry")
@pytest.mark.parametrize("component", ["app", "apps"])
def test_a_suspended_automation_and_a_suspended_policy_rest(
    platform: Repository, component: str
) -> None:
    entry = f"{{component: {component}, reason: x, author: a, since: '2026-01-01T00:00:00Z'}}"
    with (platform.root / "stacks" / "Pulumi.dev.yaml").open("a") as file:
        file.write(f"  infrastructure:suspended: [{entry}]\n")
    assert all(update.files == {} for update in write_here(platform))
    assert locked(platform) == {}


@pytest.mark.usefixtures("registry")
def test_a_push_is_the_automations_commit_and_leaves_the_working_tree_alone(
    platform: Repository,
) -> None:
    (platform.root / "apps" / "app.yaml").write_text("unsaved: work\n")
    made = publication(platform).push()
    assert (made.branch, made.pushed) == ("main", True)
    assert subjects(platform, "main")[0] == "Flux Bot: chore(dev): update app 1.1.0"
    assert NEW in shown(platform, "origin/main", "apps/app.yaml")
    assert (platform.root / "apps" / "app.yaml").read_text() == "unsaved: work\n"


@pytest.mark.usefixtures("registry")
def test_the_message_tells_each_change(platform: Repository) -> None:
    publication(platform).push()
    message = git.Repo(platform.root).git.log("-1", "--format=%B", "origin/main")
    assert message.splitlines()[2:] == [
        "stacks/dev.lock.yaml",
        f"  ImagePolicy flux-system/app: - -> {NEW}",
        "apps/app.yaml",
        f"  Deployment apps/app: gitea.local/raibid/app:1.0.0 -> {NEW}",
    ]


@pytest.mark.usefixtures("registry")
def test_nothing_new_pushes_nothing(platform: Repository) -> None:
    publication(platform).push()
    before = subjects(platform, "main")
    assert publication(platform).push() == Proposed()
    assert subjects(platform, "main") == before


@pytest.mark.usefixtures("registry")
def test_an_automation_with_a_branch_is_pushed_there(make_platform: MakePlatform) -> None:
    platform = make_platform(branch="auto")
    assert publication(platform).push().branch == "auto"
    assert len(subjects(platform, "main")) == 1
    assert len(subjects(platform, "auto")) == 2


@pytest.mark.usefixtures("registry")
def test_a_branch_that_diverged_here_is_nothing_to_the_push(platform: Repository) -> None:
    repo = git.Repo(platform.root)
    repo.git.commit("--allow-empty", "--message", "feat: only here")
    here = repo.head.commit.hexsha
    publication(platform).push()
    assert repo.head.commit.hexsha == here
    assert "Ada: feat: only here" not in subjects(platform, "main")


@pytest.mark.usefixtures("registry")
def test_a_detached_head_is_refused_before_anything(platform: Repository) -> None:
    git.Repo(platform.root).git.checkout("--detach")
    with pytest.raises(RepositoryError, match="no branch is checked out"):
        publication(platform)


@pytest.mark.usefixtures("registry")
@pytest.mark.parametrize("method", ["push", "propose"])
def test_a_push_that_may_not_be_says_so_and_changes_nothing(
    platform: Repository, tmp_path: Path, method: str
) -> None:
    hook = tmp_path / "remote.git" / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho 'Not allowed to push to protected branch' >&2\nexit 1\n")
    hook.chmod(0o755)
    chosen = publication(platform)
    with pytest.raises(RepositoryError, match="Not allowed to push to protected branch"):
        chosen.push() if method == "push" else chosen.propose(None)
    assert len(subjects(platform, "main")) == 1
    assert git.Repo(platform.root).git.status("--porcelain") == ""


class Proposals:
    """Runs of `sluice images update --pr`, against one forge."""

    def __init__(self, platform: Repository) -> None:
        self.platform = platform
        self.forge = Forge()

    def run(self) -> Proposed:
        return publication(self.platform).propose(cast("Gitea", self.forge))

    @property
    def titles(self) -> list[str]:
        return [f"{each.state}: {each.title}" for each in self.forge.made]


@pytest.fixture
def proposals(platform: Repository) -> Proposals:
    return Proposals(platform)


def test_one_pull_request_is_opened_and_brought_up_to_date(
    proposals: Proposals, registry: Registry
) -> None:
    first, again = proposals.run(), proposals.run()
    registry.tags["gitea.local/raibid/app"].append("1.2.0")
    proposals.run()

    assert (first.branch, first.pushed) == ("image-updates/dev-apps", True)
    assert not again.pushed
    assert proposals.titles == ["open: chore(dev): update app 1.2.0"]
    assert "| `apps/app.yaml` | Deployment apps/app | " in proposals.forge.made[0].body
    assert len(subjects(proposals.platform, "image-updates/dev-apps")) == 2
    assert len(subjects(proposals.platform, "main")) == 1


def test_each_version_is_told_once(proposals: Proposals, registry: Registry) -> None:
    def told() -> str:
        chosen = publication(proposals.platform)
        made = chosen.propose(cast("Gitea", proposals.forge))
        event = image_event(chosen.of, chosen.commit, chosen.update, made)
        return f"{event.result}: {event.message}"

    publication(proposals.platform).propose(None)  # the branch alone, before there was a Gitea
    assert told() == "proposed: pull request 1"
    assert told() == "unchanged: pull request 1 is open"
    registry.tags["gitea.local/raibid/app"].append("1.2.0")
    assert told() == "proposed: pull request 1"
    proposals.forge.end(1, merged=False)
    assert told() == "unchanged: nothing new that the policies allow"


def test_what_was_closed_by_hand_is_not_opened_again_and_the_next_version_is(
    proposals: Proposals, registry: Registry
) -> None:
    proposals.run()
    proposals.forge.end(1, merged=False)

    assert proposals.run() == Proposed()
    registry.tags["gitea.local/raibid/app"].append("1.2.0")
    proposals.run()

    assert proposals.titles == [
        "closed: chore(dev): update app 1.1.0",
        "open: chore(dev): update app 1.2.0",
    ]


@pytest.mark.usefixtures("registry")
def test_what_is_merged_is_not_proposed_again(proposals: Proposals) -> None:
    proposals.run()
    repo = git.Repo(proposals.platform.root)
    repo.git.fetch("origin")
    repo.git.merge("origin/image-updates/dev-apps")
    repo.git.push("origin", "main")
    proposals.forge.end(1, merged=True)
    assert proposals.run() == Proposed()


@pytest.mark.usefixtures("registry")
def test_it_is_rebased_when_main_moved(proposals: Proposals) -> None:
    proposals.run()
    (proposals.platform.root / "apps" / "more.yaml").write_text("x: 1\n")
    commit_all(proposals.platform, "feat: more")

    rebased = proposals.run()
    assert (rebased.pushed, rebased.is_news) == (True, False)
    assert subjects(proposals.platform, "image-updates/dev-apps") == [
        "Flux Bot: chore(dev): update app 1.1.0",
        "Ada: feat: more",
        "Ada: feat: a platform",
    ]


@pytest.mark.usefixtures("registry")
def test_commits_of_people_on_its_branch_are_kept_and_said(proposals: Proposals) -> None:
    proposals.run()
    repo = git.Repo(proposals.platform.root)
    repo.git.fetch("origin")
    repo.git.checkout("image-updates/dev-apps")
    repo.git.commit("--allow-empty", "--message", "fix: by hand")
    repo.git.push("origin", "image-updates/dev-apps")
    repo.git.checkout("main")
    (proposals.platform.root / "apps" / "more.yaml").write_text("x: 1\n")
    commit_all(proposals.platform, "feat: more")

    with pytest.raises(RepositoryError, match="which making it anew would lose"):
        proposals.run()
    assert "Ada: fix: by hand" in subjects(proposals.platform, "image-updates/dev-apps")


TEMPLATE = """\
feat: {{ AutomationObject }}

{% for file, objects in Changed.FileChanges %}
- {{ file }}
{% endfor %}
{% for object, changes in Changed.Objects %}
{{ object.Kind }} {{ object.Namespace }}/{{ object.Name }}
{% for change in changes %}
  {{ change.Setter }}: {{ change.OldValue }} -> {{ change.NewValue[:28] }}
{% endfor %}
{% endfor %}
{% for image in Updated.Images %}
{{ image.Policy }}={{ image.Repository }}:{{ image.Identifier }}
{% endfor %}
"""


@pytest.mark.usefixtures("registry")
def test_a_template_is_given_what_flux_gives(make_platform: MakePlatform) -> None:
    platform = make_platform(template=TEMPLATE)
    publication(platform).push()
    message = git.Repo(platform.root).git.log("-1", "--format=%B", "origin/main")
    assert message.splitlines() == [
        "feat: dev/apps",
        "",
        "- stacks/dev.lock.yaml",
        "- apps/app.yaml",
        "ImagePolicy flux-system/app",
        "  flux-system:app:  -> gitea.local/raibid/app:1.1.0",
        "Deployment apps/app",
        "  flux-system:app: gitea.local/raibid/app:1.0.0 -> gitea.local/raibid/app:1.1.0",
        "app=gitea.local/raibid/app:1.1.0",
    ]


@pytest.mark.usefixtures("registry")
@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("{% for %}", r"message_template: line 1: "),
        ("{{ Updatd.Images }}", "message_template: 'Updatd' is undefined"),
        ("{{ ''.__class__.mro() }}", "message_template: access to attribute '__class__'"),
        ("{% if False %}x{% endif %}", "message_template: says nothing"),
    ],
)
def test_a_wrong_template_pushes_nothing(
    make_platform: MakePlatform, template: str, problem: str
) -> None:
    platform = make_platform(template=template)
    with pytest.raises(
        DeclarationError, match=rf"dev\.py:\d+: ImageUpdateAutomation 'apps': {problem}"
    ):
        publication(platform).push()
    assert len(subjects(platform, "main")) == 1
