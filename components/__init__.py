"""What can be declared: Pulumi component resources, one concept a file.

How a change reaches a cluster belongs in `sluice`, what an environment
consists of in `stacks`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from components.base.component import Component
    from components.base.ignore import Ignore
    from components.base.patch import Patch
    from components.core.alert import Alert, AlertArgs, AlertType, SecretReference
    from components.core.cluster import Cluster, ClusterArgs
    from components.core.health import Condition, Expression, JSONPath
    from components.core.health_check import HealthCheck, HealthCheckArgs
    from components.core.namespace import (
        Namespace,
        NamespaceArgs,
        NetworkIsolation,
        PodSecurity,
        name_of,
    )
    from components.core.tenant import Tenant, TenantArgs
    from components.environment.deployment import deploy
    from components.environment.environment import Environment, member
    from components.errors import ArtifactError, DeclarationError, SluiceError
    from components.helm.helm_release import CRDsPolicy, HelmRelease, HelmReleaseArgs
    from components.helm.helm_test import HelmTest, HelmTestFilter
    from components.helm.post_renderer import PostRenderer
    from components.helm.values_reference import ValuesReference
    from components.images.image_policy import ImagePolicy, ImagePolicyArgs
    from components.images.image_repository import ImageRepository, ImageRepositoryArgs
    from components.images.image_update_automation import (
        ImageUpdateAutomation,
        ImageUpdateAutomationArgs,
        SigningKey,
    )
    from components.kustomize.build import ImageOverride
    from components.kustomize.decryption import DecryptionProvider
    from components.kustomize.health_exprs import HealthCheckExpr, HealthReference
    from components.kustomize.kustomization import CommonMetadata, Kustomization, KustomizationArgs
    from components.lib.locks.locked_image import ReflectionPolicy
    from components.lib.policies.alphabetical import AlphabeticalPolicy
    from components.lib.policies.numerical import NumericalPolicy
    from components.lib.policies.order import Order
    from components.lib.policies.semver import SemVerPolicy
    from components.lib.policies.tag_filter import TagFilter
    from components.lib.signatures.cosign import CosignVerification, OIDCIdentity
    from components.lib.signatures.notation import NotationVerification
    from components.runtime.references import DataReference
    from components.runtime.settings import Setting
    from components.secrets.external_secret import (
        ExternalSecret,
        ExternalSecretArgs,
        RemoteKey,
        RemoteSearch,
    )
    from components.secrets.sealed_secret import SealedSecret, SealedSecretArgs
    from components.secrets.secret_store import ClusterSecretStore, SecretStore, StoreArgs
    from components.secrets.sops_secret import SopsSecret, SopsSecretArgs
    from components.secrets.store_providers import (
        AWSProvider,
        KubernetesProvider,
        OtherProvider,
        SecretKeySelector,
        ServiceAccountSelector,
        VaultProvider,
    )
    from components.sources.git_repository import GitRef, GitRepository, GitRepositoryArgs
    from components.sources.helm_repository import HelmRepository
    from components.sources.oci_repository import OCIRef, OCIRepository
    from components.workloads.application import Application
    from components.workloads.application_args import ApplicationArgs, Autoscaling, Probe
    from components.workloads.brokers import Kafka, RabbitMQ, RedisList
    from components.workloads.canary import Canary, CanaryArgs, CanaryAutoscaler, CanaryService
    from components.workloads.canary_analysis import (
        CanaryAlert,
        CanaryAnalysis,
        CanaryMetric,
        CanaryWebhook,
        SessionAffinity,
        TemplateReference,
        ThresholdRange,
    )
    from components.workloads.scaled_object import Fallback, ScaledObject, ScaledObjectArgs
    from components.workloads.target import Target
    from components.workloads.trigger_authentication import (
        ClusterTriggerAuthentication,
        PodIdentity,
        SecretKey,
        TriggerAuthentication,
        TriggerAuthenticationArgs,
    )
    from components.workloads.triggers import CPU, Cron, Memory, OtherTrigger, Prometheus

__all__ = [
    "CPU",
    "AWSProvider",
    "Alert",
    "AlertArgs",
    "AlertType",
    "AlphabeticalPolicy",
    "Application",
    "ApplicationArgs",
    "ArtifactError",
    "Autoscaling",
    "CRDsPolicy",
    "Canary",
    "CanaryAlert",
    "CanaryAnalysis",
    "CanaryArgs",
    "CanaryAutoscaler",
    "CanaryMetric",
    "CanaryService",
    "CanaryWebhook",
    "Cluster",
    "ClusterArgs",
    "ClusterSecretStore",
    "ClusterTriggerAuthentication",
    "CommonMetadata",
    "Component",
    "Condition",
    "CosignVerification",
    "Cron",
    "DataReference",
    "DeclarationError",
    "DecryptionProvider",
    "Environment",
    "Expression",
    "ExternalSecret",
    "ExternalSecretArgs",
    "Fallback",
    "GitRef",
    "GitRepository",
    "GitRepositoryArgs",
    "HealthCheck",
    "HealthCheckArgs",
    "HealthCheckExpr",
    "HealthReference",
    "HelmRelease",
    "HelmReleaseArgs",
    "HelmRepository",
    "HelmTest",
    "HelmTestFilter",
    "Ignore",
    "ImageOverride",
    "ImagePolicy",
    "ImagePolicyArgs",
    "ImageRepository",
    "ImageRepositoryArgs",
    "ImageUpdateAutomation",
    "ImageUpdateAutomationArgs",
    "JSONPath",
    "Kafka",
    "KubernetesProvider",
    "Kustomization",
    "KustomizationArgs",
    "Memory",
    "Namespace",
    "NamespaceArgs",
    "NetworkIsolation",
    "NotationVerification",
    "NumericalPolicy",
    "OCIRef",
    "OCIRepository",
    "OIDCIdentity",
    "Order",
    "OtherProvider",
    "OtherTrigger",
    "Patch",
    "PodIdentity",
    "PodSecurity",
    "PostRenderer",
    "Probe",
    "Prometheus",
    "RabbitMQ",
    "RedisList",
    "ReflectionPolicy",
    "RemoteKey",
    "RemoteSearch",
    "ScaledObject",
    "ScaledObjectArgs",
    "SealedSecret",
    "SealedSecretArgs",
    "SecretKey",
    "SecretKeySelector",
    "SecretReference",
    "SecretStore",
    "SemVerPolicy",
    "ServiceAccountSelector",
    "SessionAffinity",
    "Setting",
    "SigningKey",
    "SluiceError",
    "SopsSecret",
    "SopsSecretArgs",
    "StoreArgs",
    "TagFilter",
    "Target",
    "TemplateReference",
    "Tenant",
    "TenantArgs",
    "ThresholdRange",
    "TriggerAuthentication",
    "TriggerAuthenticationArgs",
    "ValuesReference",
    "VaultProvider",
    "deploy",
    "member",
    "name_of",
]

_MODULES: Final = {
    "AWSProvider": "components.secrets.store_providers",
    "Alert": "components.core.alert",
    "AlertArgs": "components.core.alert",
    "AlertType": "components.core.alert",
    "AlphabeticalPolicy": "components.lib.policies.alphabetical",
    "Application": "components.workloads.application",
    "ApplicationArgs": "components.workloads.application_args",
    "ArtifactError": "components.errors",
    "Autoscaling": "components.workloads.application_args",
    "CPU": "components.workloads.triggers",
    "CRDsPolicy": "components.helm.helm_release",
    "Canary": "components.workloads.canary",
    "CanaryAlert": "components.workloads.canary_analysis",
    "CanaryAnalysis": "components.workloads.canary_analysis",
    "CanaryArgs": "components.workloads.canary",
    "CanaryAutoscaler": "components.workloads.canary",
    "CanaryMetric": "components.workloads.canary_analysis",
    "CanaryService": "components.workloads.canary",
    "CanaryWebhook": "components.workloads.canary_analysis",
    "Cluster": "components.core.cluster",
    "ClusterArgs": "components.core.cluster",
    "ClusterSecretStore": "components.secrets.secret_store",
    "ClusterTriggerAuthentication": "components.workloads.trigger_authentication",
    "CommonMetadata": "components.kustomize.kustomization",
    "Component": "components.base.component",
    "Condition": "components.core.health",
    "CosignVerification": "components.lib.signatures.cosign",
    "Cron": "components.workloads.triggers",
    "DataReference": "components.runtime.references",
    "DeclarationError": "components.errors",
    "DecryptionProvider": "components.kustomize.decryption",
    "Environment": "components.environment.environment",
    "Expression": "components.core.health",
    "ExternalSecret": "components.secrets.external_secret",
    "ExternalSecretArgs": "components.secrets.external_secret",
    "Fallback": "components.workloads.scaled_object",
    "GitRef": "components.sources.git_repository",
    "GitRepository": "components.sources.git_repository",
    "GitRepositoryArgs": "components.sources.git_repository",
    "HealthCheck": "components.core.health_check",
    "HealthCheckArgs": "components.core.health_check",
    "HealthCheckExpr": "components.kustomize.health_exprs",
    "HealthReference": "components.kustomize.health_exprs",
    "HelmRelease": "components.helm.helm_release",
    "HelmReleaseArgs": "components.helm.helm_release",
    "HelmRepository": "components.sources.helm_repository",
    "HelmTest": "components.helm.helm_test",
    "HelmTestFilter": "components.helm.helm_test",
    "Ignore": "components.base.ignore",
    "ImageOverride": "components.kustomize.build",
    "ImagePolicy": "components.images.image_policy",
    "ImagePolicyArgs": "components.images.image_policy",
    "ImageRepository": "components.images.image_repository",
    "ImageRepositoryArgs": "components.images.image_repository",
    "ImageUpdateAutomation": "components.images.image_update_automation",
    "ImageUpdateAutomationArgs": "components.images.image_update_automation",
    "JSONPath": "components.core.health",
    "Kafka": "components.workloads.brokers",
    "KubernetesProvider": "components.secrets.store_providers",
    "Kustomization": "components.kustomize.kustomization",
    "KustomizationArgs": "components.kustomize.kustomization",
    "Memory": "components.workloads.triggers",
    "Namespace": "components.core.namespace",
    "NamespaceArgs": "components.core.namespace",
    "NetworkIsolation": "components.core.namespace",
    "NotationVerification": "components.lib.signatures.notation",
    "NumericalPolicy": "components.lib.policies.numerical",
    "OCIRef": "components.sources.oci_repository",
    "OCIRepository": "components.sources.oci_repository",
    "OIDCIdentity": "components.lib.signatures.cosign",
    "Order": "components.lib.policies.order",
    "OtherProvider": "components.secrets.store_providers",
    "OtherTrigger": "components.workloads.triggers",
    "Patch": "components.base.patch",
    "PodIdentity": "components.workloads.trigger_authentication",
    "PodSecurity": "components.core.namespace",
    "PostRenderer": "components.helm.post_renderer",
    "Probe": "components.workloads.application_args",
    "Prometheus": "components.workloads.triggers",
    "RabbitMQ": "components.workloads.brokers",
    "RedisList": "components.workloads.brokers",
    "ReflectionPolicy": "components.lib.locks.locked_image",
    "RemoteKey": "components.secrets.external_secret",
    "RemoteSearch": "components.secrets.external_secret",
    "ScaledObject": "components.workloads.scaled_object",
    "ScaledObjectArgs": "components.workloads.scaled_object",
    "SealedSecret": "components.secrets.sealed_secret",
    "SealedSecretArgs": "components.secrets.sealed_secret",
    "SecretKey": "components.workloads.trigger_authentication",
    "SecretKeySelector": "components.secrets.store_providers",
    "SecretReference": "components.core.alert",
    "SecretStore": "components.secrets.secret_store",
    "SemVerPolicy": "components.lib.policies.semver",
    "ServiceAccountSelector": "components.secrets.store_providers",
    "SessionAffinity": "components.workloads.canary_analysis",
    "Setting": "components.runtime.settings",
    "SigningKey": "components.images.image_update_automation",
    "SluiceError": "components.errors",
    "SopsSecret": "components.secrets.sops_secret",
    "SopsSecretArgs": "components.secrets.sops_secret",
    "StoreArgs": "components.secrets.secret_store",
    "TagFilter": "components.lib.policies.tag_filter",
    "Target": "components.workloads.target",
    "TemplateReference": "components.workloads.canary_analysis",
    "Tenant": "components.core.tenant",
    "TenantArgs": "components.core.tenant",
    "ThresholdRange": "components.workloads.canary_analysis",
    "TriggerAuthentication": "components.workloads.trigger_authentication",
    "TriggerAuthenticationArgs": "components.workloads.trigger_authentication",
    "ValuesReference": "components.helm.values_reference",
    "VaultProvider": "components.secrets.store_providers",
    "deploy": "components.environment.deployment",
    "member": "components.environment.environment",
    "name_of": "components.core.namespace",
}


def __getattr__(name: str) -> Any:
    """Return a name when it is first used: Pulumi, which most need, loads for a quarter second."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_MODULES[name]), name)
