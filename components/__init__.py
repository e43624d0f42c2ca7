"""What can be declared: Pulumi component resources, one concept a file.

How a change reaches a cluster belongs in `sluice`, what an environment
consists of in `stacks`.
"""

from components.application import Application, ApplicationArgs, Autoscaling, Probe
from components.deployment import deploy
from components.environment import Environment, member
from components.errors import ArtifactError, DeclarationError, SluiceError
from components.helm_release import HelmRelease, HelmReleaseArgs, ValuesReference
from components.helm_repository import HelmRepository
from components.kustomization import HealthReference, Kustomization, KustomizationArgs
from components.manifests.patch import Patch
from components.namespace import Namespace, NamespaceArgs, NetworkIsolation, PodSecurity
from components.oci_repository import OCIRepository
from components.settings import Setting

__all__ = [
    "Application",
    "ApplicationArgs",
    "ArtifactError",
    "Autoscaling",
    "DeclarationError",
    "Environment",
    "HealthReference",
    "HelmRelease",
    "HelmReleaseArgs",
    "HelmRepository",
    "Kustomization",
    "KustomizationArgs",
    "Namespace",
    "NamespaceArgs",
    "NetworkIsolation",
    "OCIRepository",
    "Patch",
    "PodSecurity",
    "Probe",
    "Setting",
    "SluiceError",
    "ValuesReference",
    "deploy",
    "member",
]
