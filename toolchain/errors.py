"""What can go wrong while obtaining programs and packages.

ToolchainError                 every error of this package; has an exit code
├── WayError                   one way to a program failed; the next one is tried
│   ├── DownloadError          the vendor's release cannot be fetched
│   │   └── ChecksumError      it was fetched, and is not what the vendor published
│   └── BuildError             the Go build failed
│       └── PatchError         an upstream file is not what its patch expects
├── UnobtainableError          every way failed
├── NotInstalledError          a program is asked for before it was installed
├── CacheError                 the cache folder cannot be written
├── PluginError                Pulumi refused its plugin
└── PackagesError              the Python packages cannot be installed or locked
"""

from __future__ import annotations

__all__ = [
    "BuildError",
    "CacheError",
    "ChecksumError",
    "DownloadError",
    "NotInstalledError",
    "PackagesError",
    "PatchError",
    "PluginError",
    "ToolchainError",
    "UnobtainableError",
    "WayError",
]


class ToolchainError(Exception):
    """The base of the package's errors: one sentence for people."""

    exit_code = 1


class WayError(ToolchainError):
    """One way to a program failed; says why, without naming the way."""


class DownloadError(WayError):
    """A file of the vendor's release cannot be fetched."""


class ChecksumError(DownloadError):
    """A fetched file does not have the checksum that the vendor published."""


class BuildError(WayError):
    """A Go build, or what it needs, failed."""


class PatchError(BuildError):
    """An upstream file does not hold what its patch replaces."""


class UnobtainableError(ToolchainError):
    """No way led to one or more programs; lists all that was tried, in order."""

    exit_code = 3


class NotInstalledError(ToolchainError):
    """A set's folder is asked for while some of its programs are not installed."""

    exit_code = 4


class CacheError(ToolchainError):
    """The cache folder is full, read-only or not ours."""

    exit_code = 5


class PluginError(ToolchainError):
    """`pulumi plugin install` failed."""

    exit_code = 6


class PackagesError(ToolchainError):
    """The virtual environment cannot be made, or its requirements not locked."""

    exit_code = 7
