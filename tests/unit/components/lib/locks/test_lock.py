from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.errors import ArtifactError, DeclarationError
from components.lib.locks.lock import Lock
from components.lib.locks.locked_chart import ChartRequest, LockedChart

DIGEST = "sha256:" + "0123456789abcdef" * 4
TEXT = f"""\
# Written by `sluice lock`; reviewed and committed like code.
charts:
  postgresql:
    source: https://charts.example.com/stable
    chart: postgresql
    range: 12.x
    version: 12.12.10
    digest: {DIGEST}
    updated: 2026-11-23
    reason: "12.x: 12.1.9 -> 12.12.10"
  redis:
    source: oci://registry.example.com/charts
    chart: redis
    range: '>=18.0.0 <19.0.0'
    version: 18.1.0
    digest: {DIGEST}
    updated: 2026-11-23
    reason: "first locked"
"""
REQUEST = ChartRequest(
    name="postgresql",
    source="https://charts.example.com/stable/",
    chart="postgresql",
    range="12.x",
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "stacks" / "dev.lock.yaml"
    path.parent.mkdir()
    path.write_text(TEXT)
    return path


def test_a_lock_is_written_back_byte_for_byte(file: Path) -> None:
    Lock.load(file).save(file)
    assert file.read_text() == TEXT


def test_the_order_of_entries_in_memory_does_not_show_in_the_file(file: Path) -> None:
    charts = Lock.load(file).charts
    assert Lock(charts=dict(reversed(charts.items()))).dump() == TEXT


def test_a_missing_file_is_an_empty_lock(tmp_path: Path) -> None:
    file = tmp_path / "dev.lock.yaml"
    assert Lock.load(file) == Lock()
    Lock().save(file)
    assert Lock.load(file) == Lock()


def test_a_request_gets_its_locked_chart(file: Path) -> None:
    assert Lock.load(file).answer(REQUEST, "dev").version == "12.12.10"


def test_a_new_range_that_the_locked_version_satisfies_is_answered(file: Path) -> None:
    request = replace(REQUEST, range=">=12.5.0 <13.0.0")
    assert Lock.load(file).answer(request, "dev").version == "12.12.10"


@pytest.mark.parametrize(
    ("request_", "complaint"),
    [
        (replace(REQUEST, name="db"), "The chart of 'db' is not locked"),
        (
            replace(REQUEST, source="https://new.example.com"),
            "source is https://charts.example.com/stable, not https://new.example.com",
        ),
        (replace(REQUEST, chart="postgresql-ha"), "chart is postgresql, not postgresql-ha"),
        (replace(REQUEST, range="13.x"), "version 12.12.10 is not in the range '13.x'"),
    ],
)
def test_an_entry_that_does_not_fit_names_the_command_that_mends_it(
    file: Path, request_: ChartRequest, complaint: str
) -> None:
    with pytest.raises(ArtifactError) as refusal:
        Lock.load(file).answer(request_, "dev")
    assert complaint in str(refusal.value)
    assert str(refusal.value).endswith("run `sluice lock dev`.")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("    range: 12.x\n", "", "charts.postgresql: the key 'range' is missing"),
        ("range: 12.x", "ranges: 12.x", "charts.postgresql: the key 'range' is missing"),
        ("range: 12.x", "range: 12.x\n    pin: 1", "charts.postgresql: the key 'pin' is unknown"),
        ("range: 12.x", "range: newest", "'newest' is not a version range"),
        ("range: 12.x", "range: [12.x]", "charts.postgresql: range is not a text"),
        ("version: 12.12.10", "version:", "charts.postgresql: version is not a text"),
        ("version: 18.1.0", "version: ../x", "charts.redis: version: '../x' is not a version"),
        ("chart: redis", "chart: ../redis", "'../redis' is not a chart's name"),
        ("source: oci://", "source: oci//", "'oci//registry.example.com/charts' is not a"),
        (f"{DIGEST}\n", f"{DIGEST}0\n", "is not sha256: and 64 hex digits"),
        ("updated: 2026-11-23", "updated: today", "updated: 'today' is not a day"),
        ("  redis:\n", "  redis: 18.1.0\n  old:\n", "charts.redis: it holds no keys and values"),
        ("charts:\n", "pictures: {}\ncharts:\n", "unknown section 'pictures'"),
        ("  redis:\n", "  postgresql:\n", "the key 'postgresql' occurs twice"),
        ("# Written", "<<<<<<< HEAD\n# Written", "dev.lock.yaml:3 is not valid"),
    ],
)
def test_a_lock_broken_by_hand_is_an_error_that_names_the_place(
    file: Path, old: str, new: str, complaint: str
) -> None:
    assert old in TEXT
    file.write_text(TEXT.replace(old, new, 1))
    with pytest.raises(ArtifactError) as refusal:
        Lock.load(file)
    assert str(refusal.value).startswith(str(file))
    assert complaint in str(refusal.value)


def test_a_broken_entry_says_how_to_make_it_anew(file: Path) -> None:
    file.write_text(TEXT.replace(DIGEST, "sha256:abc", 1))
    with pytest.raises(ArtifactError, match=r"delete the entry and run `sluice lock dev`\.$"):
        Lock.load(file)


def test_charts_that_are_a_list_are_refused(file: Path) -> None:
    file.write_text("charts: [redis]\n")
    with pytest.raises(ArtifactError, match="charts holds no entries by name"):
        Lock.load(file)


def test_an_unquoted_version_is_not_read_as_a_number(file: Path) -> None:
    file.write_text(TEXT.replace("version: 12.12.10", "version: 12.10"))
    assert Lock.load(file).charts["postgresql"].version == "12.10"


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"range": "abc"}, "'abc' is not a version range"),
        ({"source": "charts.example.com"}, "is not a repository's URL"),
        ({"chart": "a b"}, "'a b' is not a chart's name"),
    ],
)
def test_a_request_that_is_wrong_is_refused_when_it_is_made(
    changed: dict[str, str], complaint: str
) -> None:
    with pytest.raises(DeclarationError, match=complaint):
        replace(REQUEST, **changed)


@settings(deadline=None, max_examples=50)  # it writes files
@given(
    name=st.text(st.characters(codec="utf-8", exclude_categories=("C",)), min_size=1),
    reason=st.text(st.characters(codec="utf-8", exclude_categories=("C",)), min_size=1),
    updated=st.dates(),
)
def test_any_lock_survives_its_file(
    tmp_path_factory: pytest.TempPathFactory, name: str, reason: str, updated: date
) -> None:
    locked = LockedChart(
        name=name,
        source="https://charts.example.com",
        chart="redis",
        range="*",
        version="1.10",
        digest=DIGEST,
        updated=updated,
        reason=reason,
    )
    lock = Lock(charts={name: locked, f"{name}2": replace(locked, name=f"{name}2")})
    file = Path(tmp_path_factory.getbasetemp()) / "any.lock.yaml"
    file.write_text(lock.dump(), encoding="utf-8")
    assert Lock.load(file) == lock
    assert Lock.load(file).dump() == lock.dump()
