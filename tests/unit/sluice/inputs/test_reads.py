"""Whatever a program reads, it is never held to be the same where its result would be another."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import git
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sluice.inputs.deployment_record import _tree
from sluice.inputs.finder import Finder
from sluice.inputs.notes import recording
from sluice.inputs.reads import Reads, outside
from sluice.stack.repository import Repository
from sluice.stack.stack import Stack

ROOT = Path(__file__).parents[4]
HOST = "pulumi-language-python-exec"  # by this name the recorder knows the program's process
PROLOGUE = """
import glob, importlib.util, os, sys
from pathlib import Path
sys.path.insert(0, os.getcwd())
out = []
def text(path):
    try:
        with open(path) as file:
            return file.read()
    except OSError as error:
        return type(error).__name__
def value(module):
    try:
        return __import__(module, fromlist=["VALUE"]).VALUE
    except Exception as error:
        return type(error).__name__
def rendered(folder):
    sys.path.append(%r)
    from components.errors import DeclarationError
    from components.kustomize.build import Overlay, build
    try:
        return build(Path(folder), Overlay())
    except DeclarationError:
        return "refused"
"""
STATEMENTS = (
    'out.append(text("data/a.txt"))',
    'out.append(text("link"))',
    'out.append(Path("data/b.txt").exists())',
    'out.append([text("data/" + text("data/a.txt") + ".txt")])',
    'out.append(os.path.isdir("conf/sub"))',
    'out.append(sorted(os.listdir("data")) if os.path.isdir("data") else "none")',
    'out.append([(path, text(path)) for path in sorted(glob.glob("conf/*.yaml"))])',
    'out.append(sorted(map(str, Path("conf").rglob("*.yaml"))))',
    'out.append([sorted(files) for _, _, files in os.walk("conf")])',
    'out.append(value("pkg.m"))',
    'out.append(value("optional"))',
    'out.append(importlib.util.find_spec("optional") is None)',
    'out.append(os.readlink("link") if os.path.islink("link") else "no link")',
    'out.append([text("link/../data/b.txt"), text("link/sub/../a.yaml")])',
    'os.path.isdir("link") and os.chdir("link"); out.append([text("a.yaml"), text("a.txt")])',
    'sys.path.insert(0, os.path.abspath("link")); out.append(value("c"))',
)
PATHS = (
    "optional/other.py",
    "conf/a.yaml",
    "conf/b.yaml",
    "conf/c.py",
    "conf/sub/c.yaml",
    "data/a.txt",
    "data/b.txt",
    "docs/notes.md",
    "optional.py",
    "optional/__init__.py",
    "pkg/__init__.py",
    "pkg/m.py",
    "pkg/m/__init__.py",
)
FOLDERS = ("conf", "conf/sub", "data", "optional", "pkg", "pkg/m")
LINKS = ("-> link", "-> conf/sub", "-> data", "-> pkg", "-> nowhere")
CONTENTS = ("", "a", "b", None, "-> data/a.txt", "-> data/b.txt", "-> conf", *LINKS)
Files = dict[str, str | None]
named, contents = st.sampled_from((*PATHS, *FOLDERS, "link")), st.sampled_from(CONTENTS)


@dataclass
class Program:
    """A repository with a program, written anew for each example."""

    root: Path
    statements: Sequence[str]

    def write(self, files: Mapping[str, str | None]) -> None:
        """Write, link or remove files; what is in the way makes place."""
        for name, content in files.items():
            path = self.root / name
            _make_place(self.root, path)
            if content is None:
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            if content.startswith("-> "):
                path.symlink_to(self.root / content.removeprefix("-> "))
            else:
                path.write_text(f'VALUE = "{content}"' if name.endswith(".py") else content)

    def tree(self) -> str:
        """Return the tree of what lies there now, as a commit would have it."""
        with git.Repo.init(self.root) as repo:
            repo.git.add("--all")
            return str(repo.git.write_tree())

    def run(self) -> tuple[str, Reads]:
        """Return what the program prints, and what it has read."""
        host = self.root.parent / HOST
        body = "\n".join([PROLOGUE % str(ROOT), *self.statements, "print(out)"])
        (self.root / "__main__.py").write_text(body)
        host.write_text("import runpy; runpy.run_path('__main__.py', run_name='__main__')")
        with tempfile.TemporaryDirectory() as notes:
            ended = subprocess.run(
                [sys.executable, "-B", str(host)],
                cwd=self.root,
                env={**recording(Path(notes)), "PATH": os.environ["PATH"]},
                capture_output=True,
                text=True,
                check=True,
            )
            reads = Reads.noted(Path(notes), Stack(Repository(self.root), "dev"), [])
        assert reads is not None
        return ended.stdout, reads


def _make_place(root: Path, path: Path) -> None:
    for above in reversed(path.relative_to(root).parents):
        if (root / above).is_symlink() or (root / above).is_file():
            (root / above).unlink()
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.is_dir():
        shutil.rmtree(path)


def check(statements: Sequence[str], before: Files, after: Files) -> bool:
    """Run the program before and after an edit; return whether it would have been skipped."""
    with tempfile.TemporaryDirectory() as folder:
        program = Program(Path(folder).resolve() / "repository", statements)
        program.root.mkdir()
        program.write(before)
        first, reads = program.run()
        deployed, there = program.tree(), outside(reads.outside)
        program.write(after)
        newest = program.tree()
        repository = Repository(program.root)
        same = reads.contents(_tree(repository, deployed)) == reads.contents(
            _tree(repository, newest)
        )
        skipped = same and not reads.unknown and outside(reads.outside) == there
        if skipped:
            assert program.run()[0] == first
        return skipped


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.sampled_from(STATEMENTS), min_size=1, max_size=4),
    st.dictionaries(named, contents, min_size=4),
    st.dictionaries(named, contents, min_size=1, max_size=2),
)
@example(list(STATEMENTS), {"pkg/m.py": "a"}, {"pkg/m/__init__.py": "b"})
@example([STATEMENTS[10]], {"optional.py": "-> data/a.txt"}, {"optional.py": ""})
@example([STATEMENTS[10]], {"optional.py": "-> data/a.txt"}, {"data/a.txt": ""})
@example([STATEMENTS[10]], {"optional/other.py": "a"}, {"optional/__init__.py": "a"})
@example(
    [STATEMENTS[2]],
    {"data/a.txt": "-> data/a.txt", "data/b.txt": "-> data/a.txt"},
    {"data/a.txt": ""},
)
@example([STATEMENTS[8]], {"conf/a.yaml": ""}, {"conf/a.yaml": "-> conf"})
@example([STATEMENTS[1]], {"link": "-> conf", "conf/a.yaml": "a"}, {"link": "-> data/a.txt"})
@example(
    [STATEMENTS[9]],
    {"pkg/m.py": "-> data/a.txt", "data/a.txt": "-> conf", "conf/a.yaml": ""},
    {"data/a.txt": ""},
)
def test_a_program_is_never_skipped_where_its_result_would_be_another(
    statements: list[str], before: Files, after: Files
) -> None:
    check(statements, before, after)


BEHIND_A_LINK = {"link": "-> ../shared", "../shared": "-> data"}
TWO_FOLDERS = {"data/a.txt": "a", "conf/a.txt": "b"}


@pytest.mark.parametrize(
    ("statement", "before", "after"),
    [
        ('text("link/a.txt")', TWO_FOLDERS | BEHIND_A_LINK, {"../shared": "-> conf"}),
        ('text("link/../a.txt")', {"conf/a.txt": "a", "link": "-> conf/sub"}, {"conf/sub/b": ""}),
        (
            'os.chdir("link") or text("a.txt")',
            TWO_FOLDERS | {"link": "-> data"},
            {"link": "-> conf"},
        ),
        ('text("none/a.txt")', TWO_FOLDERS, {"none": "-> data"}),
        ('text("none/a.txt")', TWO_FOLDERS, {"none": "a file"}),
        ('sys.path.insert(0, "link") or value("c")', {"link": "-> conf"}, {"conf/c.py": "a"}),
    ],
)
def test_each_link_on_the_way_counts(statement: str, before: Files, after: Files) -> None:
    assert not check([f"out.append({statement})"], before, after)


OBJECT = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {is: %s}\n"
BASE = "resources: [object.yaml]\nconfigMapGenerator: [{name: b, files: [key=b.txt]}]\n"
OVERLAY = {
    "overlay/kustomization.yaml": "resources: [../base]\npatches: [{path: patch.yaml}]\n",
    "overlay/patch.yaml": OBJECT % "patched",
    "base/kustomization.yaml": BASE,
    "base/object.yaml": OBJECT % "here",
    "base/b.txt": "b",
    "plain/object.yaml": OBJECT % "plain",
    "docs/notes.md": "",
}


@pytest.mark.parametrize(
    ("path", "content", "skipped"),
    [
        ("overlay/patch.yaml", OBJECT % "otherwise", False),
        ("base/object.yaml", OBJECT % "elsewhere", False),
        ("base/b.txt", "c", False),
        ("plain/object.yaml", OBJECT % "other", False),
        ("plain/second.yaml", (OBJECT % "more").replace("name: a", "name: c"), False),
        ("docs/notes.md", "something else", True),
    ],
)
def test_what_kustomize_reads_counts(path: str, content: str, skipped: bool) -> None:
    statements = ['out.append(rendered("overlay"))', 'out.append(rendered("plain"))']
    assert check(statements, {**OVERLAY}, {path: content}) is skipped


@pytest.mark.parametrize(
    "statement",
    [
        'import socket; socket.socket(socket.AF_UNIX).connect_ex("/nowhere")',
        'import subprocess; subprocess.run(["true"])',
        'os.system("true")',
    ],
)
def test_a_program_that_asks_elsewhere_is_never_skipped(statement: str) -> None:
    assert not check([statement], {}, {})


def test_a_file_that_only_another_stack_reads_changes_nothing() -> None:
    assert check(['out.append(value("pkg.m"))'], {"pkg/m.py": "a"}, {"pkg/other.py": "b"})


def test_where_the_command_lies_that_runs_a_program_does_not_count(tmp_path: Path) -> None:
    host = ROOT / "sluice" / "engine" / "host"
    note = {"opened": [f"{host}/__main__.py"], "searched": [f"{host}"], "asked": [f"{host}"]}
    nothing = dict.fromkeys(("listed", "rendered", "modules", "unknown"), ())
    (tmp_path / "note.json").write_text(json.dumps({"program": True, **nothing, **note}))
    reads = Reads.noted(tmp_path, Stack(Repository(tmp_path), "dev"), [])
    assert reads is not None
    assert reads.outside == frozenset()


def test_the_links_of_a_clean_checkout_to_what_it_shares_do_not_count(tmp_path: Path) -> None:
    checkout = tmp_path / "worktree"
    checkout.mkdir()
    (checkout / ".venv").symlink_to(sys.prefix)
    note = {"opened": [f"{checkout}/.venv/lib/module.py"], "searched": [f"{checkout}/.venv/lib"]}
    nothing = dict.fromkeys(("asked", "listed", "rendered", "modules", "unknown"), ())
    (tmp_path / "note.json").write_text(json.dumps({"program": True, **nothing, **note}))
    reads = Reads.noted(tmp_path, Stack(Repository(checkout), "dev"), [])
    assert reads is not None
    assert reads.outside == frozenset()


def test_a_link_of_the_packages_that_leads_out_of_them_counts(tmp_path: Path) -> None:
    checkout, source = tmp_path / "checkout", tmp_path / "source" / "package"
    (checkout / ".venv" / "lib").mkdir(parents=True)
    source.mkdir(parents=True)
    (checkout / ".venv" / "lib" / "package").symlink_to(source)
    finder = Finder(checkout)
    finder.add("file", checkout / ".venv" / "lib" / "package" / "module.py")
    assert str(source / "module.py") in finder.outside
