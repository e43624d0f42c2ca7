"""Whatever is declared of an object, and whoever changes it: it is found, and put back."""

from __future__ import annotations

import copy
import itertools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from components.lib.manifests.empty import is_empty, pointer, with_empty_values, without_nulls
from sluice.backend.secret_values import is_secret
from sluice.drift.correction import apply
from sluice.drift.detection import Look
from sluice.drift.fields import ABSENT
from sluice.drift.live import Listing
from sluice.drift.owned import OwnedObject
from sluice.errors import ApiError
from sluice.kubernetes.cluster import Cluster
from sluice.kubernetes.managed_fields import shown
from sluice.plan.live_objects import declarable
from sluice.stack.stack import Stack
from tests.integration.sluice.schema_values import empty, fields, filled

if TYPE_CHECKING:
    from conftest import ClusterAccess

CORPUS = Path(__file__).parents[1] / "platform" / "manifests" / "every-kind"
NAMESPACE = "drift-of-fields"
# Their names are addresses, or the API server fills them from others.
UNNAMED = {"IPAddress", "ServiceCIDR", "CustomResourceDefinition", "Namespace", "Job"}
CUSTOM = {
    "Structured": {"spec": {"mode": "", "size": 0, "tags": [], "ports": [{"number": 80}]}},
    "Loose": {"free": {"zero": 0, "no": False, "text": "", "list": [], "map": {}, "null": None}},
}
Object = dict[str, Any]
Fields = tuple[str | int, ...]
Way = Callable[["Deployed", Object, Fields, Any], None]
REFUSALS = (400, 403, 404, 409, 422, 500)
TRIES = 6
# A place for a certificate; another name of `serviceAccountName`, whose value it takes.
LEFT = {"caBundle", "serviceAccount"}
CONTROLLERS = re.compile(r"kubernetes\.io/|^deprecated\.daemonset")
NUMBERS = itertools.count()


def corpus() -> list[Object]:
    """The objects of about fifty kinds, with names of this test's own."""
    found = []
    for file in ("namespaced", "cluster", "custom"):
        text = (CORPUS / f"{file}.yaml").read_text().replace("every", "drift")
        found += [each for each in yaml.safe_load_all(text) if each]
    for each in found:
        each.update(CUSTOM.get(each["kind"], {}))
    return found


OBJECTS = [
    each for each in corpus() if each["kind"] not in UNNAMED and not each.get("aggregationRule")
]


@pytest.fixture(scope="module")
def api(cluster: ClusterAccess) -> Iterator[Cluster]:
    """The cluster, with the definitions of the corpus and a namespace."""
    definitions = [each for each in corpus() if each["kind"] == "CustomResourceDefinition"]
    manifests = yaml.safe_dump_all(definitions)
    cluster.kubectl("create", "namespace", NAMESPACE)
    cluster.kubectl("apply", "-f", "-", manifest=manifests)
    cluster.kubectl("wait", "--for=condition=Established", "-f", "-", manifest=manifests)
    yield Cluster(cluster.context, str(cluster.kubeconfig))
    cluster.kubectl("delete", "--wait=false", "-f", "-", manifest=manifests)
    cluster.kubectl("delete", "--wait=false", "namespace", NAMESPACE)


@dataclass(frozen=True)
class Deployed:
    """An object as a stack has deployed it."""

    api: Cluster
    owned: OwnedObject

    @property
    def place(self) -> tuple[str, str]:
        namespaced = self.api.namespaced(self.owned.api_version, self.owned.kind)
        return NAMESPACE if namespaced else "", self.owned.name

    @property
    def kind(self) -> tuple[str, str]:
        return self.owned.api_version, self.owned.kind

    def live(self) -> Object:
        found = self.api.get(*self.kind, *self.place)
        assert found is not None
        return found

    def look(self, live: Object) -> Look:
        listing = Listing(*self.kind, self.place[0], {self.place: live}, "")
        return Look(cast("Stack", None), self.api, [self.owned], {self.kind: listing})

    def delete(self) -> None:
        path = self.api.discovery.path(*self.kind, *self.place)
        query = {"gracePeriodSeconds": "0", "propagationPolicy": "Background"}
        self.api.connection.ask("DELETE", path, query)


def at(manifest: Any, path: Fields) -> Any:
    for part in path:
        try:
            manifest = manifest[part]
        except (KeyError, IndexError, TypeError):
            return ABSENT
    return manifest


def content(live: Object) -> Object:
    """An object without what Kubernetes itself writes into it."""
    kept = declarable(live)
    notes = kept["metadata"].pop("annotations", {})
    return {**kept, "notes": {key: notes[key] for key in notes if not CONTROLLERS.search(key)}}


def takes(api: Cluster, manifest: Object) -> Object | None:
    """The object as the API server would store it; None where it refuses it."""
    try:
        return api.dry_run(without_nulls(manifest))[0]
    except ApiError as error:
        if error.status not in REFUSALS:
            raise
        return None


def deploy(api: Cluster, base: Object, values: Mapping[Fields, Any]) -> Deployed:
    """Apply an object as Pulumi does, which sends nothing empty that is not stored."""
    manifest = copy.deepcopy(base)
    manifest["metadata"]["name"] += f"-{next(NUMBERS)}"
    if api.namespaced(manifest["apiVersion"], manifest["kind"]):
        manifest["metadata"]["namespace"] = NAMESPACE
    sent = manifest
    for path, value in values.items():
        more = with_empty_values(sent, {pointer(path): value}, opaque=is_secret)
        stored = takes(api, more)
        if stored is None:
            continue
        manifest = with_empty_values(manifest, {pointer(path): value}, opaque=is_secret)
        found = at(stored, path)
        if value is not None and (found == value or (found is not ABSENT and value in ([], {}))):
            sent = more
    api.apply(without_nulls(sent))
    owned = OwnedObject("c", manifest, without_nulls(sent), frozenset({"sluice"}), (), "u")
    return Deployed(api, owned)


def leaves(value: Any, path: Fields = ()) -> Iterator[Fields]:
    """Every declared value that has none in it."""
    if is_empty(value) or not isinstance(value, (Mapping, list)):
        yield path
        return
    inside = value.items() if isinstance(value, Mapping) else enumerate(value)
    for key, inner in inside:
        yield from leaves(inner, (*path, key))


def changeable(owned: OwnedObject, live: Object) -> list[Fields]:
    """The declared fields that are not the identity of the object or of an item in it."""
    usual = ("apiVersion", "kind", "stringData", "status")
    identity = [("metadata", "name"), ("metadata", "namespace")]
    keys = set(re.findall(r'"(\w+)\\":', json.dumps(live["metadata"]["managedFields"])))
    return [
        path
        for path in leaves(owned.manifest)
        if path[0] not in usual and path not in identity and path[-1] not in LEFT
        if not (isinstance(path[-2:][0], int) and path[-1] in keys)
    ]


def json_patch(deployed: Deployed, live: Object, path: Fields, value: Any) -> None:
    """Change a field as `kubectl patch --type=json` does."""
    where = pointer(path)
    operation = (
        {"op": "remove", "path": where}
        if value is ABSENT
        else {
            "op": "add" if not isinstance(path[-1], int) else "replace",
            "path": where,
            "value": value,
        }
    )
    url = deployed.api.discovery.path_of(live)
    query = {"fieldManager": "kubectl-patch"}
    content = "application/json-patch+json"
    deployed.api.connection.ask("PATCH", url, query, [operation], content)


def update(deployed: Deployed, live: Object, path: Fields, value: Any) -> None:
    """Write the whole object, as a program does."""
    url = deployed.api.discovery.path_of(live)
    query = {"fieldManager": "some-operator"}
    deployed.api.connection.ask("PUT", url, query, changed(live, path, value))


def forced_apply(deployed: Deployed, live: Object, path: Fields, value: Any) -> None:
    """Apply the whole object, as `kubectl apply --server-side --force-conflicts` does."""
    deployed.api.apply(changed(declarable(live), path, value), manager="kubectl")


def merge_patch(deployed: Deployed, live: Object, path: Fields, value: Any) -> None:
    """Change a field as `kubectl edit` does a custom resource."""
    value = None if value is ABSENT else value
    end = next((n for n, part in enumerate(path) if isinstance(part, int)), len(path))
    inside: Any = changed(live, path, value) if end < len(path) else None
    content: Any = at(inside, path[:end]) if end < len(path) else value
    for part in reversed(path[:end]):
        content = {part: content}
    url = deployed.api.discovery.path_of(live)
    query = {"fieldManager": "kubectl-edit"}
    deployed.api.connection.ask("PATCH", url, query, content, "application/merge-patch+json")


def changed(live: Object, path: Fields, value: Any) -> Object:
    after = copy.deepcopy(live)
    holder: Any = after
    for part, following in itertools.pairwise(path):
        if isinstance(holder, dict) and holder.get(part) is None:
            holder[part] = [] if isinstance(following, int) else {}
        holder = holder[part]
    if value is not ABSENT:
        holder[path[-1]] = value
    elif isinstance(holder, dict):
        holder.pop(path[-1], None)
    else:
        del holder[path[-1]]
    return after


def changes(
    deployed: Deployed, live: Object, path: Fields, way: Way, first: int
) -> Iterator[tuple[Fields, Object]]:
    """The field, and the live object once it has another value that the API server takes."""
    manifest = deployed.owned.manifest
    schema = dict(fields(manifest)).get(path, {})
    values = others(at(manifest, path), schema)
    for value in (values[first % len(values) :] + values)[:TRIES]:
        try:
            way(deployed, live, path, value)
        except ApiError as error:
            if error.status not in REFUSALS:
                raise
            continue
        after = deployed.live()
        if at(after, path) != at(live, path):
            yield path, after


WAYS = [json_patch, update, forced_apply, merge_patch]


def others(declared: Any, schema: Mapping[str, Any]) -> list[Any]:
    """Values that are not the declared one, the likeliest first."""
    if isinstance(declared, bool):
        return [not declared, ABSENT]
    if isinstance(declared, int):
        return [declared + 1, declared + 7, ABSENT]
    if isinstance(declared, str) and declared:
        return ["x", f"{declared}x", "7", ABSENT]
    return filled(schema) or ["x", 7, {"x": "y"}, ["x"]]


def related(one: str, other: str) -> bool:
    """Whether two fields are the same, or one is in the other."""
    return any(
        inner == outer or inner.startswith((f"{outer}.", f"{outer}["))
        for inner, outer in ((one, other), (other, one))
    )


@settings(
    max_examples=60,
    deadline=None,  # it asks an API server
    suppress_health_check=list(HealthCheck),
)
@given(st.data())
def test_a_declared_field_that_anybody_changes_is_found_and_put_back(
    api: Cluster, data: st.DataObject
) -> None:
    base = data.draw(st.sampled_from(OBJECTS), "object")
    could = [(path, schema) for path, schema in fields(base) if at(base, path) is ABSENT]
    chosen = data.draw(st.lists(st.sampled_from(could), max_size=4)) if could else []
    nulls = data.draw(st.lists(st.booleans(), min_size=4, max_size=4))
    values = {
        path: None if null else empty(schema)
        for (path, schema), null in zip(chosen, nulls, strict=False)
    }
    deployed = deploy(api, base, values)
    try:
        before = deployed.live()
        assert deployed.look(before).drift() == [], "a false alarm"
        could = data.draw(st.permutations(changeable(deployed.owned, before)), "fields")
        if data.draw(st.booleans(), "an empty one"):
            could.sort(key=lambda path: not is_empty(at(deployed.owned.manifest, path)))
        way = data.draw(st.sampled_from(WAYS), "way")
        first = data.draw(st.integers(0, TRIES), "value")
        tried = (changes(deployed, before, path, way, first) for path in could[:TRIES])
        path, after = next(itertools.chain.from_iterable(tried), ((), before))
        assume(path)
        seen = deployed.look(after)
        found = seen.drift()
        assert any(related(each.path, shown(path)) for each in found)
        if apply(seen, found):
            return  # what may not change, such as `immutable: true`, is told
        again = deployed.live()
        assert deployed.look(again).drift() == []
        assert content(again) == content(before)
    finally:
        deployed.delete()
