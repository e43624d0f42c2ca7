"""One declared object, tried on the server: what applying it would change, or why it is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from components.lib.manifests.empty import without_nulls
from components.lib.manifests.identity import identify
from components.lib.manifests.patch import strategic_merge
from components.lib.manifests.schema import schema_of
from sluice.declaration.rendering import Manifest
from sluice.diff.difference import Difference, Ignored
from sluice.diff.helm_merge import without_removed
from sluice.diff.masking import Masks
from sluice.diff.replacement import is_replaced
from sluice.errors import ApiError
from sluice.kubernetes.connection import FORBIDDEN, NOT_FOUND, Object, lacks_permission
from sluice.kubernetes.helm_records import ReleaseRecord
from sluice.plan.live_objects import LiveObjects, declarable, reason_of

__all__ = ["DryRun"]

Path = tuple[str | int, ...]
_INVALID = 422
# What admission, and the validation of an object, answer with.
_REFUSALS: Final = (400, FORBIDDEN, _INVALID)
_REPLICAS: Final = ("spec", "replicas")
_ABSENT: Final = object()


class DryRun:
    """A manifest, applied by a dry run beside its live object.

    Attributes:
        ignored: what of it was not compared, once `difference` was asked for.

    """

    def __init__(
        self, manifest: Manifest, live: LiveObjects, record: ReleaseRecord | None, masks: Masks
    ) -> None:
        """Take the manifest and what Helm has recorded of its release, if it is of one."""
        self.ignored: list[Ignored] = []
        self._manifest = manifest
        self._identity = manifest.identity
        self._objects = live
        self._cluster = live.cluster
        self._live = live.find(manifest.identity)
        self._record = record
        self._masks = masks

    def difference(self) -> Difference | None:
        """Return what applying it would change, None for nothing.

        Raises:
            ApiError: where the cluster cannot be asked.

        """
        if self._live is not None and self._manifest.from_crds:
            self._ignore("", "of a chart's crds/, which Helm never updates")
            return None
        wanted = without_nulls(self._manifest.content)
        if not self._cluster.serves(self._identity.api_version, self._identity.kind):
            return self._creation(wanted, self._objects.missing(self._identity))
        try:
            applied, warnings = self._cluster.dry_run(wanted)
        except ApiError as error:
            if not error.status:
                raise
            return self._refused(wanted, error)
        if self._live is None:
            found: Difference | None = self._creation(applied)
        else:
            after = self._with_others_fields(self._live, self._as_helm_leaves_it(applied))
            found = self._update(self._live, after)
        said = tuple(self._masked(each) for each in warnings)
        return replace(found, warnings=said) if found else None

    def _refused(self, wanted: Object, error: ApiError) -> Difference | None:
        if self._live is None:
            missing = error.status == NOT_FOUND
            note = self._objects.missing(self._identity) if missing else ""
            found: Difference | None = self._creation(wanted, note)
        else:
            schema = schema_of(self._identity.api_version, self._identity.kind)
            found = self._update(self._live, strategic_merge(self._live, wanted, schema))
        # An account that previews need not be allowed to ask.
        if found is None or error.status == NOT_FOUND or lacks_permission(error):
            return found
        if found.operation == "replace" and error.status == _INVALID:
            return found  # what cannot be changed is deleted first
        reason = self._masked(reason_of(error, self._cluster))
        if error.status in _REFUSALS:
            return replace(found, refusal=reason)
        return replace(found, note=f"could not be tried: {reason}")

    def _as_helm_leaves_it(self, applied: Object) -> Object:
        """Return the object without what Helm takes away: a dry run takes nothing of another's."""
        if self._record is None:
            return applied
        objects = self._record.objects
        before = [each for each in objects if identify(each).key == self._identity.key]
        if not before:
            return applied
        schema = schema_of(self._identity.api_version, self._identity.kind)
        left: Object = without_removed(applied, before[0], self._manifest.content, schema)
        return left

    def _with_others_fields(self, live: Any, applied: Any, path: Path = ()) -> Any:
        """Return the object with the fields that are others' to set as they are live."""
        reason = self._why_ignored(path)
        if reason and live != applied:
            self._ignore(".".join(map(str, path)), reason)
            return live
        if isinstance(live, Mapping) and isinstance(applied, Mapping):
            left = {
                key: self._with_others_fields(
                    live.get(key, _ABSENT), applied.get(key, _ABSENT), (*path, key)
                )
                for key in {**applied, **live}
            }
            return {key: value for key, value in left.items() if value is not _ABSENT}
        if isinstance(live, list) and isinstance(applied, list) and len(live) == len(applied):
            pairs = enumerate(zip(live, applied, strict=True))
            return [self._with_others_fields(*pair, (*path, index)) for index, pair in pairs]
        return applied

    def _why_ignored(self, path: Path) -> str:
        kind, name = self._identity.kind, self._identity.name
        rules = (rule for rule in self._manifest.ignored if rule.matches(kind, name))
        if any(rule.covers(path) for rule in rules):
            return "its component leaves it to others"
        scaled = path == _REPLICAS and self._objects.is_autoscaled(self._identity)
        return "a HorizontalPodAutoscaler sets it" if scaled else ""

    def _ignore(self, path: str, reason: str) -> None:
        self.ignored.append(Ignored(self._identity, path, reason))

    def _creation(self, applied: Object, note: str = "") -> Difference:
        return self._difference("create", None, declarable(applied), note)

    def _update(self, live: Object, applied: Object) -> Difference | None:
        before, after = declarable(live), declarable(applied)
        return None if before == after else self._difference("update", before, after)

    def _difference(
        self, operation: str, before: Object | None, after: Object, note: str = ""
    ) -> Difference:
        manifest, masked = self._manifest, self._masks.pair(before, after)
        found = Difference(
            operation, manifest.component, manifest.release, self._identity, *masked, note
        )
        # Helm replaces nothing: what the cluster refuses fails its upgrade.
        if manifest.release or not is_replaced(self._identity, [path for path, *_ in found.fields]):
            return found
        return replace(found, operation="replace", note="")

    def _masked(self, text: str) -> str:
        """Return what the server says of the object without a secret, its own values too."""
        if self._identity.kind == "Secret":
            values = [self._manifest.content.get(part) or {} for part in ("data", "stringData")]
            text = Masks(str(value) for each in values for value in each.values()).text(text)
        return self._masks.text(text)
