"""What can be declared: Pulumi component resources, one concept a file.

How a change reaches a cluster belongs in `sluice`, what an environment
consists of in `stacks`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from components.alert import Alert, AlertArgs, AlertType, SecretReference
    from components.application import Application, ApplicationArgs, Autoscaling, Probe
    from components.artifacts.cosign import CosignVerification, OIDCIdentity
    from components.artifacts.locked_image import ReflectionPolicy
    from components.artifacts.notation import NotationVerification
    from components.canary import Canary, CanaryArgs, CanaryAutoscaler, CanaryService
    from components.canary_analysis import (
        CanaryAlert,
        CanaryAnalysis,
        CanaryMetric,
        CanaryWebhook,
        SessionAffinity,
        TemplateReference,
        ThresholdRange,
    )
    from components.cluster import Cluster, ClusterArgs
    from components.component import Component
    from components.decryption import DecryptionProvider
    from components.deployment import deploy
    from components.environment import Environment, member
    from components.errors import ArtifactError, DeclarationError, SluiceError
    from components.external_secret import (
        ExternalSecret,
        ExternalSecretArgs,
        RemoteKey,
        RemoteSearch,
    )
    from components.git_repository import GitRef, GitRepository, GitRepositoryArgs
    from components.health import Condition, Expression, JSONPath
    from components.health_check import HealthCheck, HealthCheckArgs
    from components.helm_release import CRDsPolicy, HelmRelease, HelmReleaseArgs
    from components.helm_repository import HelmRepository
    from components.helm_test import HelmTest, HelmTestFilter
    from components.ignore import Ignore
    from components.image_policy import ImagePolicy, ImagePolicyArgs
    from components.image_repository import ImageRepository, ImageRepositoryArgs
    from components.image_update_automation import (
        ImageUpdateAutomation,
        ImageUpdateAutomationArgs,
        SigningKey,
    )
    from components.kustomization import (
        CommonMetadata,
        HealthCheckExpr,
        HealthReference,
        Kustomization,
        KustomizationArgs,
    )
    from components.manifests.kustomize import ImageOverride
    from components.manifests.patch import Patch
    from components.namespace import Namespace, NamespaceArgs, NetworkIsolation, PodSecurity
    from components.oci_repository import OCIRef, OCIRepository
    from components.policies.alphabetical import AlphabeticalPolicy
    from components.policies.numerical import NumericalPolicy
    from components.policies.order import Order
    from components.policies.semver import SemVerPolicy
    from components.policies.tag_filter import TagFilter
    from components.post_renderer import PostRenderer
    from components.references import DataReference
    from components.scaled_object import Fallback, ScaledObject, ScaledObjectArgs
    from components.sealed_secret import SealedSecret, SealedSecretArgs
    from components.secret_store import (
        AWSProvider,
        ClusterSecretStore,
        KubernetesProvider,
        OtherProvider,
        SecretKeySelector,
        SecretStore,
        ServiceAccountSelector,
        StoreArgs,
        VaultProvider,
    )
    from components.settings import Setting
    from components.sops_secret import SopsSecret, SopsSecretArgs
    from components.target import Target
    from components.tenant import Tenant, TenantArgs
    from components.trigger_authentication import (
        ClusterTriggerAuthentication,
        PodIdentity,
        SecretKey,
        TriggerAuthentication,
        TriggerAuthenticationArgs,
    )
    from components.triggers import (
        CPU,
        Cron,
        Kafka,
        Memory,
        OtherTrigger,
        Prometheus,
        RabbitMQ,
        RedisList,
    )
    from components.values_reference import ValuesReference

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
]

_MODULES: Final = {
    "AWSProvider": "components.secret_store",
    "Alert": "components.alert",
    "AlertArgs": "components.alert",
    "AlertType": "components.alert",
    "AlphabeticalPolicy": "components.policies.alphabetical",
    "Application": "components.application",
    "ApplicationArgs": "components.application",
    "ArtifactError": "components.errors",
    "Autoscaling": "components.application",
    "CPU": "components.triggers",
    "CRDsPolicy": "components.helm_release",
    "Canary": "components.canary",
    "CanaryAlert": "components.canary_analysis",
    "CanaryAnalysis": "components.canary_analysis",
    "CanaryArgs": "components.canary",
    "CanaryAutoscaler": "components.canary",
    "CanaryMetric": "components.canary_analysis",
    "CanaryService": "components.canary",
    "CanaryWebhook": "components.canary_analysis",
    "Cluster": "components.cluster",
    "ClusterArgs": "components.cluster",
    "ClusterSecretStore": "components.secret_store",
    "ClusterTriggerAuthentication": "components.trigger_authentication",
    "CommonMetadata": "components.kustomization",
    "Component": "components.component",
    "Condition": "components.health",
    "CosignVerification": "components.artifacts.cosign",
    "Cron": "components.triggers",
    "DataReference": "components.references",
    "DeclarationError": "components.errors",
    "DecryptionProvider": "components.decryption",
    "Environment": "components.environment",
    "Expression": "components.health",
    "ExternalSecret": "components.external_secret",
    "ExternalSecretArgs": "components.external_secret",
    "Fallback": "components.scaled_object",
    "GitRef": "components.git_repository",
    "GitRepository": "components.git_repository",
    "GitRepositoryArgs": "components.git_repository",
    "HealthCheck": "components.health_check",
    "HealthCheckArgs": "components.health_check",
    "HealthCheckExpr": "components.kustomization",
    "HealthReference": "components.kustomization",
    "HelmRelease": "components.helm_release",
    "HelmReleaseArgs": "components.helm_release",
    "HelmRepository": "components.helm_repository",
    "HelmTest": "components.helm_test",
    "HelmTestFilter": "components.helm_test",
    "Ignore": "components.ignore",
    "ImageOverride": "components.manifests.kustomize",
    "ImagePolicy": "components.image_policy",
    "ImagePolicyArgs": "components.image_policy",
    "ImageRepository": "components.image_repository",
    "ImageRepositoryArgs": "components.image_repository",
    "ImageUpdateAutomation": "components.image_update_automation",
    "ImageUpdateAutomationArgs": "components.image_update_automation",
    "JSONPath": "components.health",
    "Kafka": "components.triggers",
    "KubernetesProvider": "components.secret_store",
    "Kustomization": "components.kustomization",
    "KustomizationArgs": "components.kustomization",
    "Memory": "components.triggers",
    "Namespace": "components.namespace",
    "NamespaceArgs": "components.namespace",
    "NetworkIsolation": "components.namespace",
    "NotationVerification": "components.artifacts.notation",
    "NumericalPolicy": "components.policies.numerical",
    "OCIRef": "components.oci_repository",
    "OCIRepository": "components.oci_repository",
    "OIDCIdentity": "components.artifacts.cosign",
    "Order": "components.policies.order",
    "OtherProvider": "components.secret_store",
    "OtherTrigger": "components.triggers",
    "Patch": "components.manifests.patch",
    "PodIdentity": "components.trigger_authentication",
    "PodSecurity": "components.namespace",
    "PostRenderer": "components.post_renderer",
    "Probe": "components.application",
    "Prometheus": "components.triggers",
    "RabbitMQ": "components.triggers",
    "RedisList": "components.triggers",
    "ReflectionPolicy": "components.artifacts.locked_image",
    "RemoteKey": "components.external_secret",
    "RemoteSearch": "components.external_secret",
    "ScaledObject": "components.scaled_object",
    "ScaledObjectArgs": "components.scaled_object",
    "SealedSecret": "components.sealed_secret",
    "SealedSecretArgs": "components.sealed_secret",
    "SecretKey": "components.trigger_authentication",
    "SecretKeySelector": "components.secret_store",
    "SecretReference": "components.alert",
    "SecretStore": "components.secret_store",
    "SemVerPolicy": "components.policies.semver",
    "ServiceAccountSelector": "components.secret_store",
    "SessionAffinity": "components.canary_analysis",
    "Setting": "components.settings",
    "SigningKey": "components.image_update_automation",
    "SluiceError": "components.errors",
    "SopsSecret": "components.sops_secret",
    "SopsSecretArgs": "components.sops_secret",
    "StoreArgs": "components.secret_store",
    "TagFilter": "components.policies.tag_filter",
    "Target": "components.target",
    "TemplateReference": "components.canary_analysis",
    "Tenant": "components.tenant",
    "TenantArgs": "components.tenant",
    "ThresholdRange": "components.canary_analysis",
    "TriggerAuthentication": "components.trigger_authentication",
    "TriggerAuthenticationArgs": "components.trigger_authentication",
    "ValuesReference": "components.values_reference",
    "VaultProvider": "components.secret_store",
    "deploy": "components.deployment",
    "member": "components.environment",
}


def __getattr__(name: str) -> Any:
    """Return a name when it is first used: Pulumi, which most need, loads for a quarter second."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_MODULES[name]), name)
