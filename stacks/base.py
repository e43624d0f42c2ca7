"""The platform that every environment runs, before any of them changes it."""

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
    NamespaceArgs,
    Setting,
    member,
)


class Platform(Environment):
    """CI agents, the queue and the forge they work for, their databases and their monitoring."""

    agents = Setting(int, "agents")
    agent_image: str = "gitea.local/raibid/ci-agent:1.4.2"
    postgresql_version: str = "12.x"
    redis_version: str = "19.x"
    redis_replicas: int = 0
    prometheus_retention: str = "2d"

    @member
    def databases(self) -> Namespace:
        return Namespace("databases")

    @member
    def forge(self) -> Namespace:
        return Namespace("gitea")

    @member
    def scaling(self) -> Namespace:
        return Namespace("keda")

    @member
    def monitoring(self) -> Namespace:
        return Namespace("monitoring", NamespaceArgs(labels={"purpose": "monitoring"}))

    @member
    def agents_namespace(self) -> Namespace:
        return Namespace(
            "ci-agents",
            NamespaceArgs(
                quota={"pods": 50, "requests.cpu": "20"},
                default_requests={"cpu": "50m", "memory": "64Mi"},
                default_limits={"memory": "512Mi"},
            ),
        )

    @member
    def bitnami(self) -> HelmRepository:
        return HelmRepository("bitnami", "https://charts.bitnami.com/bitnami")

    @member
    def gitea_charts(self) -> HelmRepository:
        return HelmRepository("gitea-charts", "https://dl.gitea.com/charts")

    @member
    def kedacore(self) -> HelmRepository:
        return HelmRepository("kedacore", "https://kedacore.github.io/charts")

    @member
    def prometheus_community(self) -> HelmRepository:
        return HelmRepository(
            "prometheus-community", "https://prometheus-community.github.io/helm-charts"
        )

    @member
    def postgresql(self) -> HelmRelease:
        return HelmRelease(
            "postgresql",
            HelmReleaseArgs(
                chart="postgresql",
                repository=self.bitnami,
                version=self.postgresql_version,
                namespace=self.databases,
                values={"auth": {"username": "admin", "database": "mydb"}},
            ),
        )

    @member
    def redis(self) -> HelmRelease:
        return HelmRelease(
            "redis",
            HelmReleaseArgs(
                chart="redis",
                repository=self.bitnami,
                version=self.redis_version,
                namespace=self.databases,
                values={"replica": {"replicaCount": self.redis_replicas}},
            ),
        )

    @member
    def gitea(self) -> HelmRelease:
        return HelmRelease(
            "gitea",
            HelmReleaseArgs(
                chart="gitea",
                repository=self.gitea_charts,
                version="10.x",
                namespace=self.forge,
            ),
        )

    @member
    def keda(self) -> HelmRelease:
        return HelmRelease(
            "keda",
            HelmReleaseArgs(
                chart="keda",
                repository=self.kedacore,
                version="2.16.x",
                namespace=self.scaling,
            ),
        )

    @member
    def prometheus(self) -> HelmRelease:
        return HelmRelease(
            "prometheus",
            HelmReleaseArgs(
                chart="prometheus",
                repository=self.prometheus_community,
                version="25.x",
                namespace=self.monitoring,
                values={"server": {"retention": self.prometheus_retention}},
            ),
        )

    @member
    def dashboards(self) -> Kustomization:
        return Kustomization(
            "dashboards",
            KustomizationArgs(
                path="manifests/dashboards",
                target_namespace=self.monitoring,
                substitute={"environment": self.name},
            ),
        )

    @member
    def ci_agents(self) -> Application:
        return Application(
            "ci-agents",
            ApplicationArgs(
                image=self.agent_image,
                namespace=self.agents_namespace,
                replicas=self.agents,
                port=8080,
                config={
                    "FORGE_URL": "http://gitea-http.gitea:3000",
                    "QUEUE": "redis-master.databases",
                },
                writable_paths=["/var/lib/agent"],
            ),
        )
