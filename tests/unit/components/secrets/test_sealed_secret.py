from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from components import Namespace, SealedSecret, SealedSecretArgs

if TYPE_CHECKING:
    from conftest import Declare

SEALED = """
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {name: login, namespace: shop}
spec:
  encryptedData: {password: AgBy8h}
  template: {metadata: {name: login, namespace: shop}}
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    (tmp_path / "login.sealed.yaml").write_text(SEALED)
    return str(tmp_path / "login.sealed.yaml")


def test_the_file_is_applied_and_waited_for(declare: Declare, file: str) -> None:
    def program() -> None:
        SealedSecret("login", SealedSecretArgs(file=file, namespace=Namespace("shop")))

    made = declare(program).object("SealedSecret")
    assert made["metadata"]["annotations"] == {"pulumi.com/waitFor": "condition=Synced"}
    assert made["spec"]["encryptedData"] == {"password": "AgBy8h"}


def test_it_need_not_be_waited_for(declare: Declare, file: str) -> None:
    registered = declare(lambda: SealedSecret("login", SealedSecretArgs(file=file, wait=False)))

    assert "annotations" not in registered.object("SealedSecret")["metadata"]


def test_one_that_is_sealed_for_another_namespace(refused: Callable[..., str], file: str) -> None:
    arguments = SealedSecretArgs(file=file, namespace="apps")

    assert "is sealed for the namespace 'shop', not 'apps'" in refused(
        lambda: SealedSecret("login", arguments)
    )


def test_a_file_that_is_not_sealed(refused: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "login.yaml").write_text("kind: Secret\n")
    arguments = SealedSecretArgs(file=str(tmp_path / "login.yaml"))

    assert "is no SealedSecret; run: sluice secret seal FILE" in refused(
        lambda: SealedSecret("login", arguments)
    )
