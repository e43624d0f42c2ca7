"""Mirrors: where a repository or registry is really read from.

A stack names the upstream; a machine behind an air gap, or the sandbox, maps
that to a copy. The lock names the upstream always, so it is the same for both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from components.errors import ArtifactError, DeclarationError
from components.lib.files import strict_yaml

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Address", "Mirrors", "printable", "repository_url"]


@dataclass(frozen=True)
class Address:
    """A URL as it is declared and as it is used; its text names both where they differ."""

    declared: str
    actual: str

    def __str__(self) -> str:
        if self.declared == self.actual:
            return self.actual
        return f"{self.declared} (by its mirror {self.actual})"


@dataclass(frozen=True, init=False)
class Mirrors:
    """A mapping of URL prefixes to the URLs that replace them.

    The longest prefix wins, whole path segments only; slashes at the end do
    not matter; what follows the prefix is kept. Raises DeclarationError for
    what is not an `https://`, `http://` or `oci://` URL.

    >>> mirrors = Mirrors({"https://charts.example.com": "http://127.0.0.1:8080/copy"})
    >>> mirrors.rewrite("https://charts.example.com/stable/index.yaml")
    'http://127.0.0.1:8080/copy/stable/index.yaml'
    """

    entries: tuple[tuple[str, str], ...]

    def __init__(self, mapping: Mapping[str, str] | None = None) -> None:
        pairs = {repository_url(old): repository_url(new) for old, new in (mapping or {}).items()}
        object.__setattr__(self, "entries", tuple(sorted(pairs.items())))

    @classmethod
    def load(cls, path: Path) -> Mirrors:
        """Read a file of `URL: URL` lines, such as `.sluice/mirrors.yaml`; missing means none.

        Raises ArtifactError naming the file for anything else in it.
        """
        content = strict_yaml.load_mapping(path)
        for old, new in content.items():
            if not isinstance(new, str):
                raise ArtifactError(f"{path}: {old!r} is not mapped to a URL; write `URL: URL`.")
        try:
            return cls(content)
        except DeclarationError as error:
            raise ArtifactError(f"{path}: {error}") from error

    def merged(self, other: Mirrors) -> Mirrors:
        """Return both together; where both map the same URL, `other` wins."""
        return Mirrors(dict(self.entries) | dict(other.entries))

    def rewrite(self, url: str) -> str:
        """Return the URL to use in place of `url`, which is `url` where no prefix fits."""
        url = _lower_host(url)
        fitting = [(old, new) for old, new in self.entries if _is_below(url, old)]
        if not fitting:
            return url
        old, new = max(fitting, key=lambda pair: len(pair[0]))
        return new + url[len(old) :]

    def address(self, url: str) -> Address:
        """Return a repository's URL together with its mirror's."""
        return self.located(repository_url(url))

    def located(self, url: str) -> Address:
        """Return any URL together with its mirror's."""
        return Address(_lower_host(url), self.rewrite(url))


def repository_url(text: str) -> str:
    """Return a repository's URL in its one form: host in lower case, no slash at the end.

    Raises DeclarationError for what is not an `https://`, `http://` or `oci://` URL.
    """
    try:
        parts = urlsplit(text)
        fits = parts.scheme in {"https", "http", "oci"} and parts.hostname and parts.port != 0
    except ValueError:
        fits = False
    if not fits or "@" in parts.netloc or parts.query or parts.fragment:
        raise DeclarationError(
            f"{printable(text)!r} is not a repository's URL; write https://host/path,"
            " http://host/path or oci://host/path, with no password in it.",
        )
    return _lower_host(text).rstrip("/")


def printable(url: str) -> str:
    """Return a URL without what may be secret in it: user, password and query."""
    scheme, separator, rest = url.partition("?")[0].partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{separator}{host.rpartition('@')[2]}{slash}{path}"


def _lower_host(url: str) -> str:
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user}{at}{host.lower()}").geturl()


def _is_below(url: str, prefix: str) -> bool:
    return url.startswith(prefix) and url[len(prefix) : len(prefix) + 1] in {"", "/", "?", "#"}
