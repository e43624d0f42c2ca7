"""Building programs from their Go modules, in a patched copy of a committed wrapper.

All programs of a wrapper that are wanted are built by one `go build`, so that
the compiler's work is spread over all processors. The copy lies at a stable
place in the cache, under a lock, so that Go's own build cache is hit.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from toolchain.cache import link_or_copy, locked, scratch, staged
from toolchain.errors import BuildError
from toolchain.patches import apply_patch, copy_writable, patches_for
from toolchain.recipe import LINKER_FLAGS, Target, build_folder, plan_targets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from toolchain.machine import Machine
    from toolchain.records import Generated, ModuleFile, Program

__all__ = ["build_programs"]

_PACKAGE = re.compile(r"[\w.~+-]+(/[\w.~+@-]+)*")
_LAST_LINES = 30


def build_programs(
    programs: Sequence[Program], machine: Machine, report: Callable[[str], None]
) -> None:
    """Build programs of one wrapper module into the cache.

    Programs that another process built meanwhile are left as they are. Raises
    `BuildError` with Go's own last words.
    """
    go = shutil.which("go", path=machine.search_path)
    if go is None:
        raise BuildError("Go is not on PATH")
    wrapper = programs[0].go.wrapper
    with locked(machine.cache, f"build-{wrapper}", report):
        targets = [_missing(target, machine) for target in plan_targets(programs)]
        wanted = [target for target in targets if target.programs]
        if wanted:
            workshop = _Workshop(Path(go), machine.wrappers / wrapper, machine, report)
            workshop.build(wanted)


def _missing(target: Target, machine: Machine) -> Target:
    programs = tuple(p for p in target.programs if not build_folder(p, target, machine).is_dir())
    return Target(target.package, target.binary, programs)


@dataclass(frozen=True)
class _Workshop:
    """One build of one wrapper module, under its lock."""

    go: Path
    wrapper: Path
    machine: Machine
    report: Callable[[str], None]

    @property
    def _folder(self) -> Path:
        return self.machine.cache / "build" / self.wrapper.name

    def build(self, targets: Sequence[Target]) -> None:
        """Build all targets, then keep each program; the companions come along."""
        programs = [program for target in targets for program in target.programs]
        self._copy_wrapper()
        self._patch(programs)
        for program in programs:
            if program.go.generated is not None:
                self._generate(program.go.generated, program.go.tags)
        for item in (item for program in programs for item in program.go.inputs):
            shutil.copyfile(self._module_file(item), self._folder / item.target)
        with scratch(self.machine.cache / "build" / f"{self.wrapper.name}-out") as out:
            for group in _groups(targets):
                self._compile(group, out)
            for target in targets:
                self._keep(target, out / target.binary)

    def _copy_wrapper(self) -> None:
        """Bring the build's copy up to date, without what an older one had."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for stale in self._folder.glob("*/*.go"):
            stale.unlink()
        for source in (self.wrapper / "go.mod", self.wrapper / "go.sum"):
            shutil.copyfile(source, self._folder / source.name)
        for source in self.wrapper.glob("*/*.go"):
            target = self._folder / source.relative_to(self.wrapper)
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(source, target)

    def _patch(self, programs: Sequence[Program]) -> None:
        for patch in patches_for(program.name for program in programs):
            name = f"{patch.module}-{patch.version}".replace("/", "_")
            target = self.machine.cache / "build" / "patched" / name
            apply_patch(patch, self._module(patch.module), target)
            self._replace(patch.module, name)

    def _generate(self, item: Generated, tags: Sequence[str]) -> None:
        """Complete a module's packages in a copy of it, and build from that."""
        source = self._module(item.module)
        name = f"{source.name}-generated".replace("/", "_")
        target = self.machine.cache / "build" / "patched" / name
        if not target.is_dir():
            with staged(target) as folder:
                copy_writable(source, folder)
                self.report(f"generating files of {item.module}")
                self._run("generate", *_chosen(tags), *item.packages, folder=folder)
        self._replace(item.module, name)

    def _replace(self, module: str, name: str) -> None:
        self._run("mod", "edit", f"-replace={module}=../patched/{name}")

    def _module(self, module: str) -> Path:
        """Download a module, verified by `go.sum`, and give its folder."""
        self.report(f"downloading {module}")
        answer = json.loads(self._run("mod", "download", "-json", module))
        return Path(answer["Dir"])

    def _module_file(self, item: ModuleFile) -> Path:
        answer = self._run("list", "-m", "-f", "{{.Dir}}", item.module).strip()
        return Path(answer or self._module(item.module)) / item.source

    def _compile(self, targets: Sequence[Target], out: Path) -> None:
        variables = dict.fromkeys(v for target in targets for v in target.variables)
        flags = " ".join((*LINKER_FLAGS, *(f"-X {variable}" for variable in variables)))
        builds = [program.go for target in targets for program in target.programs]
        tags = dict.fromkeys(tag for build in builds for tag in build.tags)
        packages = [target.package for target in targets]
        options = ["-v", "-trimpath", "-ldflags", flags, *_chosen(list(tags)), "-o", f"{out}/"]
        process = subprocess.Popen(
            [self.go, "build", *options, *packages],
            cwd=self._folder,
            env=_environment(cgo=any(build.cgo for build in builds)),
            close_fds=False,  # it holds the lock
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        try:
            self._follow(process)
        finally:
            process.kill()
            process.communicate()

    def _follow(self, process: subprocess.Popen[str]) -> None:
        """Report what Go prints until it ends; `BuildError` if it fails."""
        compiled = 0
        words: deque[str] = deque(maxlen=_LAST_LINES)
        for line in map(str.strip, process.stderr or ()):
            if line.startswith("go: downloading "):
                self.report(line.removeprefix("go: "))
            elif _PACKAGE.fullmatch(line):
                compiled += 1
                self.report(f"compiled {compiled} packages, {line}")
            else:
                words.append(line)
        if process.wait() != 0:
            raise BuildError("\n".join(words) or f"go build ended with {process.returncode}")

    def _keep(self, target: Target, binary: Path) -> None:
        for program in target.programs:
            with staged(build_folder(program, target, self.machine)) as folder:
                link_or_copy(binary, folder / program.name)
                for item in program.go.companions:
                    shutil.copyfile(self._module_file(item), folder / item.target)
                    (folder / item.target).chmod(0o755)

    def _run(self, *arguments: str, folder: Path | None = None) -> str:
        answer = subprocess.run(
            [self.go, *arguments],
            cwd=folder or self._folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if answer.returncode != 0:
            words = answer.stderr.strip() or answer.stdout.strip()
            raise BuildError(f"go {' '.join(arguments)}: {words}")
        return answer.stdout


def _chosen(tags: Sequence[str]) -> list[str]:
    return [f"-tags={','.join(tags)}"] if tags else []


def _groups(targets: Sequence[Target]) -> Iterator[list[Target]]:
    """Give the targets that one `go build` can make, then each that must stay alone."""
    together = [target for target in targets if not target.alone]
    if together:
        yield together
    yield from ([target] for target in targets if target.alone)


def _environment(*, cgo: bool = False) -> dict[str, str]:
    """Go's environment, without what a user may have set for other work.

    Static binaries, as the vendors ship them, need no C compiler, but for a
    program whose build says so. Go's compiler
    collects its garbage less often, which saves a fifth of its time (kubectl
    from nothing: 163 s of processor time, so 128 s), within a bound.
    """
    return {
        **os.environ,
        "GOFLAGS": "-mod=readonly -buildvcs=false",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        "CGO_ENABLED": "1" if cgo else "0",
        "GOGC": "400",
        "GOMEMLIMIT": "2GiB",
        "GOOS": "",
        "GOARCH": "",
    }
