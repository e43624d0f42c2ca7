"""What installing depends on, gathered once: platform, folders, PATH."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Self

__all__ = ["Machine", "Platform"]

_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


@dataclass(frozen=True)
class Platform:
    """An operating system and a processor, as Go names them."""

    os: str
    arch: str

    @classmethod
    def here(cls) -> Self:
        """Detect this machine's platform; an unknown processor keeps its own name."""
        machine = platform.machine().lower()
        return cls(platform.system().lower(), _ARCHITECTURES.get(machine, machine))

    def fill(self, template: str, version: str, file: str = "") -> str:
        """Fill in a URL or archive member of the program table."""
        x64 = "x64" if self.arch == "amd64" else self.arch
        return template.format(version=version, os=self.os, arch=self.arch, x64=x64, file=file)

    def __str__(self) -> str:
        return f"{self.os}/{self.arch}"


@dataclass(frozen=True)
class Machine:
    """One machine as the installer sees it; tests make their own."""

    platform: Platform
    cache: Path
    search_path: str
    pulumi_home: Path
    repository: Path

    @classmethod
    def here(cls) -> Self:
        """Read this machine's environment."""
        home = Path.home()
        caches = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache").absolute()
        return cls(
            platform=Platform.here(),
            cache=caches / "sluice",
            search_path=os.environ.get("PATH", os.defpath),
            pulumi_home=Path(os.environ.get("PULUMI_HOME") or home / ".pulumi"),
            repository=Path(__file__).resolve().parent.parent,
        )

    @property
    def wrappers(self) -> Path:
        """The folder that holds the committed Go wrapper modules."""
        return self.repository / "toolchain"
