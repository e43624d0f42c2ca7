"""A small platform: the team's manifests, a queue and an application."""

from __future__ import annotations

from components import (
    Application,
    ApplicationArgs,
    Environment,
    HelmRelease,
    HelmReleaseArgs,
    HelmRepository,
    Kustomization,
    KustomizationArgs,
    Namespace,
    Setting,
    member,
)


class Platform(Environment):
    """What every environment runs."""

    agents = Setting(int, "agents")
    redis_version: str = "19.x"

    @member
    def apps(self) -> Namespace:
        return Namespace("apps")

    @member
    def infra(self) -> Kustomization:
        return Kustomization("infra", KustomizationArgs(path="infra/manifests"))

    @member
    def bitnami(self) -> HelmRepository:
        return HelmRepository("bitnami", "https://charts.bitnami.com/bitnami")

    @member
    def redis(self) -> HelmRelease:
        return HelmRelease(
            "redis",
            HelmReleaseArgs(
                chart="redis",
                repository=self.bitnami,
                version=self.redis_version,
                namespace=self.apps,
            ),
        )

    @member
    def my_app(self) -> Application:
        return Application(
            "my-app",
            ApplicationArgs(
                image="gitea.local/raibid/my-app:1.0.0",
                namespace=self.apps,
                replicas=self.agents,
                port=8080,
            ),
        )
