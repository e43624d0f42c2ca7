"""Putting back what has drifted: through Pulumi's engine, so that it is in the stack's history.

What the engine does not see (a Helm release's children, what others have added)
is put back by server-side apply.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from itertools import groupby

from sluice.drift.detection import Look, drift, look
from sluice.drift.drifted import Drift
from sluice.drift.owned import with_secrets
from sluice.engine.engine import Engine
from sluice.errors import ApiError, LockedError, RepositoryError
from sluice.git.worktree import checked_out
from sluice.kubernetes.cluster import Cluster
from sluice.stack.process_lock import held
from sluice.stack.stack import Stack
from sluice.stack.tool_environment import enter

__all__ = ["apply", "correct"]


def correct(stack: Stack, found: Sequence[Drift], *, strict: bool = False) -> list[Drift]:
    """Put back what has drifted; return what is not as it is declared even then.

    The commit that was deployed last is deployed again, with a refresh, for
    the components that have drifted and nothing else.

    Raises:
        RepositoryError: where that commit is not there, or the stack was
            deployed from files that were not committed; nothing was changed.
        DeploymentError: where the update failed.
        LockedError: where another update of the stack is running.
        ApiError: where the cluster refuses an object.

    """
    own = [each for each in found if not each.owned.release and each.why != "foreign"]
    if own:
        _deploy_again(stack, {each.component for each in own}, _message(found))
    seen = look(stack)
    left = seen.drift(strict=strict)
    if left:
        for refusal in apply(seen, left):
            raise refusal
        left = drift(stack, strict=strict)
    return left


def _deploy_again(stack: Stack, components: Collection[str], message: str) -> None:
    enter(stack.repository)
    # Another update may end meanwhile, and bring another commit.
    with held(stack, "drift"), checked_out(stack.repository, _deployed_commit(stack)) as checkout:

        def check() -> None:
            if _deployed_commit(stack) != checkout.commit:
                raise LockedError(f"{stack}: another commit was deployed meanwhile; look again")

        engine = Engine(stack.at(checkout), check=check)
        engine.up(refresh=True, target=sorted(components), message=message)


def _deployed_commit(stack: Stack) -> str:
    deployed = stack.state().revision()
    if not deployed.commit or deployed.dirty:
        raise RepositoryError(
            f"{stack}: it was deployed from files that are in no commit, so what is declared "
            f"cannot be deployed again; commit them and run `sluice up {stack}`"
        )
    return deployed.commit


def _message(found: Sequence[Drift]) -> str:
    objects = {(each.kind, each.namespace, each.name): each for each in found}
    first = next(iter(objects.values()))
    more = f" and {len(objects) - 1} more" if len(objects) > 1 else ""
    return f"drift: put back {first.kind} {first.name}{more}"


def apply(seen: Look, found: Sequence[Drift]) -> list[ApiError]:
    """Put back what has drifted, by server-side apply or what empties it; return each refusal.

    Raises:
        ApiError: where the cluster cannot be asked.

    """
    emptied = [each for each in found if each.operations]
    applied = {id(each.owned): each.owned for each in found if not each.operations}
    works: list[Callable[[], object]] = [
        partial(_operate, seen.cluster, list(drifts))
        for _, drifts in groupby(emptied, key=lambda each: id(each.owned))
    ]
    works += [
        partial(seen.cluster.apply, seen.manifest_of(owned))
        for owned in with_secrets(list(applied.values()), seen.stack)
    ]
    return [refusal for work in works if (refusal := _refusal(work)) is not None]


def _operate(cluster: Cluster, drifts: Sequence[Drift]) -> None:
    first = drifts[0]
    place = (first.api_version, first.kind, first.namespace, first.name)
    cluster.patch(*place, [one for each in drifts for one in each.operations])


def _refusal(work: Callable[[], object]) -> ApiError | None:
    try:
        work()
    except ApiError as error:
        if not error.status:
            raise
        return error
    return None
