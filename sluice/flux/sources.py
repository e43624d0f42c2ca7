"""Where charts and manifests come from, as Flux's own sources."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import git

from components.sources.git_repository import GitRepository
from components.sources.helm_repository import HelmRepository
from components.sources.oci_repository import OCIRepository
from sluice.flux.objects import FLUX, INTERVAL, Context, flux_object

__all__ = ["own_repository", "source"]

_SOURCES: Final = "source.toolkit.fluxcd.io/v1"
_SCP: Final = re.compile(r"(?:(?P<user>[^@/]+)@)?(?P<host>[^:/]+):(?P<path>[^/].*)")
_CREDENTIALS: Final = re.compile(r"//[^/@\s]+:[^/@\s]*@")


def source(
    context: Context, component: GitRepository | HelmRepository | OCIRepository
) -> dict[str, Any]:
    """Return a source as Flux's `GitRepository`, `HelmRepository` or `OCIRepository`."""
    match component:
        case GitRepository():
            return _git_repository(component)
        case OCIRepository():
            return _oci_repository(context, component)
        case HelmRepository():
            return _source("HelmRepository", component.name, {"url": component.url})


def own_repository(context: Context) -> list[dict[str, Any]]:
    """Return the `GitRepository` of the platform's own repository.

    None, and a remark, where it has no remote that Flux can fetch.
    """
    project = context.repository.project
    url, branch = _remote(context.repository.root)
    if not url.startswith(("http://", "https://", "ssh://")):
        context.remarks.append(
            f"the repository has no remote that Flux can fetch, so the GitRepository "
            f"{project}, which the objects refer to, is yours to write"
        )
        return []
    ref = {"ref": {"branch": branch}} if branch else {}
    return [_source("GitRepository", project, {"url": url, **ref})]


def _source(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return flux_object(_SOURCES, kind, name, FLUX, {"interval": INTERVAL, **spec})


def _git_repository(component: GitRepository) -> dict[str, Any]:
    secret = component.args.secret
    spec: dict[str, Any] = {"url": component.url, "ref": component.args.ref.given()}
    if secret:
        spec["secretRef"] = {"name": secret}
    return _source("GitRepository", component.name, spec)


def _oci_repository(context: Context, component: OCIRepository) -> dict[str, Any]:
    if component.verify is not None:
        context.remarks.append(
            f"OCIRepository {component.name}: what it verifies ({component.verify}) is "
            "`verify` in Flux, with a Secret of the key or certificates; they are yours to make"
        )
    if component.ref is None:
        # Ours is a folder of charts then; Flux's OCIRepository is one chart.
        return _source("HelmRepository", component.name, {"url": component.url, "type": "oci"})
    spec = {"url": component.url, "ref": component.ref.given()}
    return _source("OCIRepository", component.name, spec)


def _remote(root: Path) -> tuple[str, str]:
    """Return the first remote's URL and the branch; each is empty where there is none."""
    try:
        with git.Repo(root, search_parent_directories=True) as repo:
            url = next(iter(repo.remotes)).url
            branch = "" if repo.head.is_detached else repo.active_branch.name
    except (git.InvalidGitRepositoryError, StopIteration):
        return "", ""
    return _git_url(url), branch


def _git_url(url: str) -> str:
    """Return a remote's URL as Flux takes it: `git@host:path` by ssh, and no password."""
    short = _SCP.fullmatch(url)
    if short and "://" not in url:
        return f"ssh://{short['user'] or 'git'}@{short['host']}/{short['path']}"
    return _CREDENTIALS.sub("//", url)
