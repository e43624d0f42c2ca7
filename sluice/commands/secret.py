"""`sluice secret`: files encrypted with SOPS, and what is plain that should not be."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import click

from components.secrets.sops import is_encrypted, sops
from sluice.console.options import in_repository
from sluice.errors import RepositoryError
from sluice.stack.repository import Repository
from sluice.stack.tool_environment import enter

__all__ = ["secret"]

# What a Secret's names and labels say is no secret, and a reviewer wants to read it.
_VALUES = "^(data|stringData)$"


@click.group()
def secret() -> None:
    """Encrypt, edit, rotate and seal secrets; find those left plain.

    \b
    Example:
      sluice secret encrypt secrets/database.yaml
      sluice secret check
    """


@secret.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--age", "recipient", help="Whom to encrypt for; by default as .sops.yaml says.")
@in_repository
def encrypt(repository: Repository, file: Path, recipient: str | None) -> None:
    """Encrypt FILE, `name.yaml`, to `name.enc.yaml` beside it.

    Of a Kubernetes Secret only the values are encrypted. The plain file stays,
    for you to remove.

    \b
    Example:
      sluice secret encrypt secrets/database.yaml
      sluice secret encrypt secrets/database.yaml --age age1…
    """
    enter(repository)
    text = file.read_text()
    if is_encrypted(text):
        raise RepositoryError(f"{file} is encrypted already; run: sluice secret edit {file}")
    target = file.with_suffix(f".enc{file.suffix}")
    rules = () if recipient is None else (f"--age={recipient}",)
    values = (f"--encrypted-regex={_VALUES}",) if "kind: Secret" in text else ()
    encrypted = _sops("encrypt", *rules, *values, f"--filename-override={target}", str(file))
    target.write_text(encrypted)
    click.echo(f"{target}: encrypted; remove {file}")


@secret.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@in_repository
def edit(repository: Repository, file: Path) -> None:
    """Edit an encrypted FILE in `$EDITOR`.

    \b
    Example:
      sluice secret edit secrets/database.enc.yaml
    """
    enter(repository)
    ran = subprocess.run([sops(str(file)), "edit", str(file)], check=False)
    # SOPS' FileHasNotBeenModified.
    if ran.returncode not in (0, 200):
        raise RepositoryError(f"{file}: was not saved")


@secret.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@in_repository
def rotate(repository: Repository, files: Sequence[Path]) -> None:
    """Encrypt FILES, or every encrypted one, anew.

    For the keys of `.sops.yaml`; each gets a new data key. Run it when somebody
    leaves or a key is lost; the values themselves are known to whoever could read
    them: change those too.

    \b
    Example:
      sluice secret rotate
    """
    enter(repository)
    chosen = files or [Path(path) for path in _files(repository) if _is_encrypted(Path(path))]
    for file in chosen:
        # In this order an old key alone is enough to hand a file over to new ones.
        _sops("rotate", "--in-place", str(file))
        if Path(".sops.yaml").is_file():
            _sops("updatekeys", "--yes", str(file))
        click.echo(f"{file}: rotated")


@secret.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--cert",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The controller's certificate, as `kubeseal --fetch-cert` prints it.",
)
@click.option(
    "--scope",
    type=click.Choice(["strict", "namespace-wide", "cluster-wide"]),
    default="strict",
    show_default=True,
    help="Where it may be used: under its name, in its namespace, anywhere.",
)
def seal(file: Path, cert: Path, scope: str) -> None:
    """Seal the Secret of FILE as kubeseal does.

    `name.yaml` becomes `name.sealed.yaml` beside it. The plain file stays, for you
    to remove.

    \b
    Example:
      sluice secret seal secrets/database.yaml --cert sealed-secrets.pem
    """
    from components.lib.manifests import documents  # noqa: PLC0415 - the others do without
    from sluice.security.sealing import Scope, public_key, sealed  # noqa: PLC0415 - the same

    target = file.with_suffix(f".sealed{file.suffix}")
    try:
        manifest = sealed(documents.load_file(file), public_key(cert.read_bytes()), Scope(scope))
    except RepositoryError as error:
        raise RepositoryError(f"{file}: {error}") from None
    target.write_text(documents.dump(manifest))
    click.echo(f"{target}: sealed; remove {file}")


@secret.command()
@click.argument("files", nargs=-1, type=click.Path())
@in_repository
def check(repository: Repository, files: Sequence[str]) -> None:
    """Refuse secrets in plain text in FILES, or in all files.

    Without FILES, in all that Git does not ignore. A secret in plain text is a
    Kubernetes Secret with values, a private key, a token, a file that `.sops.yaml`
    wants encrypted. For pre-commit and for the pipeline; a line with `pragma:
    allowlist secret` is let through.

    \b
    Example:
      sluice secret check
    """
    from sluice.security.secret_scan import findings  # noqa: PLC0415 - the other verbs do without

    found = findings(repository.root, files or _files(repository))
    if found:
        raise RepositoryError("\n  ".join(["plain secrets:", *map(str, found)]))
    click.echo("no plain secrets")


def _files(repository: Repository) -> list[str]:
    """Return what Git has or would take, by path from the root."""
    command = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    ran = subprocess.run(command, cwd=repository.root, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        raise RepositoryError(f"{repository.root} is no Git repository; name the files")
    return [path for path in ran.stdout.split("\0") if path]


def _is_encrypted(file: Path) -> bool:
    try:
        return is_encrypted(file.read_text())
    except (OSError, UnicodeDecodeError):
        return False


def _sops(*arguments: str) -> str:
    ran = subprocess.run(
        [sops(arguments[-1]), *arguments], capture_output=True, text=True, check=False
    )
    if ran.returncode != 0:
        _fail(arguments[-1], ran.stderr)
    return ran.stdout


def _fail(file: str, stderr: str) -> NoReturn:
    said = " ".join(stderr.split())
    if "no matching creation rules" in said or "config file not found" in said:
        raise RepositoryError(
            f"{file}: nobody to encrypt it for; write .sops.yaml or give --age (docs/secrets.md)"
        )
    raise RepositoryError(f"{file}: sops: {said[:300]}")
