"""Acting on the stack's cluster as a tenant's account: a kubeconfig that says as whom.

Pulumi's provider takes no account to act as, but reads `as` of a kubeconfig.
The file is this machine's, as its credentials are; the state has its path alone.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from components.errors import DeclarationError
from components.lib.files import atomic_file

__all__ = ["IMPERSONATED", "Impersonation", "account_of", "path_of", "tenant_of"]

_FOLDER: Final = ".sluice/tenants"
_SUFFIX: Final = ".json"
_OWNER_ONLY: Final = 0o600

IMPERSONATED: Final[ContextVar[Callable[[str], None]]] = ContextVar(
    "IMPERSONATED",
    default=lambda _tenant: None,  # where nothing is deployed, nobody acts
)


def path_of(stack: str, tenant: str) -> str:
    """Return the kubeconfig's file, the same on every machine."""
    return f"{_FOLDER}/{stack}/{tenant}{_SUFFIX}"


def tenant_of(path: str) -> str:
    """Return the tenant that a kubeconfig's file is of; empty where it is none of these."""
    file = Path(path)
    is_one = file.suffix == _SUFFIX and str(file.parent.parent) == _FOLDER
    return file.stem if is_one else ""


def account_of(tenant: str) -> str:
    """Return the user that the API server knows the tenant's account as."""
    return f"system:serviceaccount:{tenant}:{tenant}"


@dataclass(frozen=True)
class Impersonation:
    """Writes the kubeconfigs of a stack's tenants, with the credentials of whoever deploys.

    Attributes:
        root: the repository's root.
        stack: the stack.
        context: its context.
        kubeconfig: the kubeconfig, a path or its content, where it is not the usual one.
        looks_only: whether nothing will be applied. Then nobody acts as the tenant where
            no update has yet, since who may only look may not.

    """

    root: Path
    stack: str
    context: str
    kubeconfig: str = ""
    looks_only: bool = False

    def __call__(self, tenant: str) -> None:
        """Write the kubeconfig of a tenant.

        Raises:
            DeclarationError: where kubectl is missing, or cannot read the kubeconfig.
            ArtifactError: where the file cannot be written.

        """
        config = self._shown()
        file = self.root / path_of(self.stack, tenant)
        if not self.looks_only or _acts(file):
            for each in config["users"] or [{"name": "", "user": {}}]:
                each["user"]["as"] = account_of(tenant)
        atomic_file.write(file, json.dumps(config).encode(), _OWNER_ONLY)

    def _shown(self) -> Any:
        kubectl = shutil.which("kubectl")
        if kubectl is None:
            raise DeclarationError(
                "kubectl is not on PATH and reads the kubeconfig for the tenants; run `make tools`"
            )
        command = [kubectl, "config", "view", "--raw", "--minify", "--flatten", "--output=json"]
        with tempfile.NamedTemporaryFile("w", prefix="sluice-", suffix=".yaml") as content:
            if "\n" in self.kubeconfig:  # a temporary file is its owner's alone
                content.write(self.kubeconfig)
                content.flush()
            given = content.name if "\n" in self.kubeconfig else self.kubeconfig
            command += [f"--kubeconfig={given}"] if given else []
            command += [f"--context={self.context}"] if self.context else []
            result = subprocess.run(
                command, capture_output=True, text=True, check=False, cwd=self.root
            )
        if result.returncode:
            raise DeclarationError(
                f"context {self.context}: the kubeconfig cannot be read: "
                + " ".join(result.stderr.split())
            )
        return json.loads(result.stdout)


def _acts(file: Path) -> bool:
    try:
        users = json.loads(file.read_bytes())["users"]
    except (OSError, ValueError, KeyError):
        return False
    return any("as" in each["user"] for each in users or ())
