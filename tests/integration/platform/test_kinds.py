"""Objects of other controllers' kinds, on a control plane with their definitions."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.platform.members import NAMESPACE, application

if TYPE_CHECKING:
    from tests.integration.platform.conftest import Checkout, Program

DEFINITIONS = """
    @member
    def definitions(self):
        return Kustomization("definitions", KustomizationArgs(path="crds"))
"""
WEB = NAMESPACE + application("web", "replicas=None, port=8080, service_port=None")
OBJECTS = """
    @member
    def scaling(self):
        jobs = RedisList(list_name="jobs", address="redis:6379", authentication=self.login)
        return ScaledObject(
            "web", ScaledObjectArgs(target=self.web, triggers=[jobs, CPU(value=70)]), self.after
        )

    @member
    def login(self):
        password = SecretKey(parameter="password", name="redis", key="password")
        return TriggerAuthentication(
            "redis",
            TriggerAuthenticationArgs(namespace=self.namespace, secret_target_ref=[password]),
            self.after,
        )

    @member
    def canary(self):
        return Canary(
            "web",
            CanaryArgs(
                target=self.web,
                service=CanaryService(port=80, target_port=8080),
                analysis=CanaryAnalysis(
                    interval="1m",
                    threshold=5,
                    max_weight=50,
                    step_weight=10,
                    metrics=[
                        CanaryMetric(
                            name="request-success-rate", threshold_range=ThresholdRange(min=99)
                        )
                    ],
                    webhooks=[CanaryWebhook(name="load", url="http://tester/")],
                ),
            ),
            self.after,
        )

    @member
    def store(self):
        vault = VaultProvider(server="https://vault.example", role="shop")
        return SecretStore(
            "vault", StoreArgs(namespace=self.namespace, provider=vault, wait=False), self.after
        )

    @member
    def database(self):
        return ExternalSecret(
            "database",
            ExternalSecretArgs(
                namespace=self.namespace,
                store=self.store,
                data={"password": RemoteKey(key="database", property="password")},
                wait=False,
            ),
        )

    @member
    def route(self):
        return Application(
            "shop",
            ApplicationArgs(
                image="shop/shop:1.0", namespace=self.namespace, port=8080,
                host="shop.example.org", gateway="infra/public",
            ),
            self.after,
        )

    @property
    def after(self):
        return pulumi.ResourceOptions(depends_on=getattr(self, "definitions", None))
"""
KINDS = "scaledobjects,triggerauthentications,canaries,secretstores,externalsecrets,httproutes"
HEALTH = """
    @member
    def canary_is_initialized(self):
        return HealthCheck(
            "canary",
            HealthCheckArgs(
                api_version="flagger.app/v1beta1",
                kind="Canary",
                name="web",
                namespace=NAMESPACE,
                healthy=Expression(
                    current="status.phase == 'Initialized'", failed="status.phase == 'Failed'"
                ),
                timeout="3s",
            ),
        )
"""


@pytest.fixture
def kinds(checkout: Checkout, definitions: Path) -> Checkout:
    """A checkout with the definitions in `crds/`."""
    shutil.copytree(definitions, checkout.root / "crds")
    return checkout


def phase(checkout: Checkout, value: str) -> None:
    status: Any = {"status": {"phase": value}}
    where = ("canary", "web", "-n", checkout.stack, "--subresource=status", "--type=merge")
    checkout.kubectl("patch", *where, "-p", json.dumps(status))


@pytest.mark.xdist_group("platform")
def test_definitions_and_their_objects_come_in_one_update_and_a_health_check_decides(
    kinds: Checkout, program: Program
) -> None:
    program(WEB, OBJECTS)
    kinds.pulumi("stack", "init", kinds.stack)
    preview = kinds.sluice("preview", kinds.stack)
    for version in ("keda.sh/v1alpha1", "flagger.app/v1beta1", "external-secrets.io/v1"):
        assert f"the cluster does not serve {version}" in preview

    program(WEB, OBJECTS, DEFINITIONS)
    try:
        kinds.pulumi("up", "--yes", "--skip-preview")
        assert sorted(kinds.names(KINDS)) == [
            "canary.flagger.app/web",
            "externalsecret.external-secrets.io/database",
            "httproute.gateway.networking.k8s.io/shop",
            "scaledobject.keda.sh/web",
            "secretstore.external-secrets.io/vault",
            "triggerauthentication.keda.sh/redis",
        ]

        program(WEB, OBJECTS, DEFINITIONS, HEALTH)
        late = kinds.sluice("up", kinds.stack, fails=True)
        where = f"HealthCheck canary: Canary {kinds.stack}/web"
        assert f"{where} is not healthy after " in late
        phase(kinds, "Failed")
        assert f"{where} failed after 0 s: failed: status.phase == 'Failed'" in kinds.sluice(
            "up", kinds.stack, fails=True
        )
        phase(kinds, "Initialized")
        kinds.sluice("up", kinds.stack)
    finally:
        kinds.pulumi("destroy", "--yes", "--skip-preview")
