"""Every external program that Sluice uses, pinned, and how each can be had.

To take a newer version, change it here and in the wrapper module's `go.mod`.
`PROGRAMS` is the table; `program_set` gives what one purpose needs.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from toolchain.errors import ToolchainError
from toolchain.records import (
    Checksum,
    Generated,
    GoBuild,
    ModuleFile,
    Program,
    Release,
    VersionCheck,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["PROGRAMS", "SETS", "program_set"]

PULUMI = "3.259.0"
PROVIDER = "4.25.0"
KUBERNETES = "1.35.0"
ETCD = "3.6.8"
KWOK = "0.7.0"
HELM = "3.19.2"
KUSTOMIZE = "5.8.0"
SOPS = "3.11.0"
AGE = "1.2.1"
COSIGN = "3.1.3"
NOTATION = "1.3.2"
GITEA = "1.26.4"
GITEA_RUNNER = "1.0.8"

_PROVIDER_MODULE = "github.com/pulumi/pulumi-kubernetes/provider/v4"
_LANGUAGE_MODULE = "github.com/pulumi/pulumi/sdk/v3"
_LANGUAGE_EXECUTOR = "pulumi-language-python-exec"
_SANDBOX = "./kubernetes-sandbox"
_KUBERNETES_VARIABLES = (
    f"k8s.io/component-base/version.gitVersion=v{KUBERNETES}",
    "k8s.io/component-base/version.gitMajor=1",
    "k8s.io/component-base/version.gitMinor=35",
)


def _anywhere(release: Release) -> Mapping[str, Release]:
    return MappingProxyType({"linux": release, "darwin": release})


def _github_digest(repository: str, tag: str) -> Checksum:
    return Checksum(f"https://api.github.com/repos/{repository}/releases/tags/{tag}", "github")


def _pulumi_release(*files: str) -> Mapping[str, Release]:
    folder = "https://get.pulumi.com/releases/sdk"
    return _anywhere(
        Release(
            folder + "/pulumi-v{version}-{os}-{x64}.tar.gz",
            (Checksum(folder + "/pulumi-{version}-checksums.txt"),),
            {file: f"pulumi/{file}" for file in files},
        )
    )


def _pulumi() -> Program:
    return Program(
        "pulumi",
        PULUMI,
        go=GoBuild(
            "go",
            "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
            "pulumi",
            variables=(f"github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v{PULUMI}",),
        ),
        releases=_pulumi_release("pulumi"),
        check=VersionCheck(("version",), r"^v(\S+)"),
    )


def _pulumi_language_python() -> Program:
    """Pulumi's own release carries it; what Go can build is the last published host."""
    package = "python/cmd/pulumi-language-python"
    return Program(
        "pulumi-language-python",
        PULUMI,
        go=GoBuild(
            "go-language-python",
            f"{_LANGUAGE_MODULE}/{package}",
            "pulumi-language-python",
            companions=(
                ModuleFile(
                    _LANGUAGE_MODULE, f"python/cmd/{_LANGUAGE_EXECUTOR}", _LANGUAGE_EXECUTOR
                ),
            ),
        ),
        releases=_pulumi_release("pulumi-language-python", _LANGUAGE_EXECUTOR),
        beside="pulumi",
        companions=(_LANGUAGE_EXECUTOR,),
    )


def _pulumi_resource_kubernetes() -> Program:
    name = "pulumi-resource-kubernetes"
    repository = "pulumi/pulumi-kubernetes"
    folder = f"https://github.com/{repository}/releases/download/v{{version}}"
    return Program(
        name,
        PROVIDER,
        go=GoBuild(
            "go",
            f"./{name}",
            name,
            variables=(f"{_PROVIDER_MODULE}/pkg/version.Version={PROVIDER}",),
            inputs=tuple(
                ModuleFile(_PROVIDER_MODULE, f"cmd/{name}/{file}", f"{name}/{file}")
                for file in ("schema.json", "terraform-mapping.json")
            ),
        ),
        releases=_anywhere(
            Release(
                folder + "/pulumi-resource-kubernetes-v{version}-{os}-{arch}.tar.gz",
                (
                    Checksum(folder + "/pulumi-kubernetes_{version}_checksums.txt"),
                    _github_digest(repository, "v{version}"),
                ),
                {name: name},
            )
        ),
        plugin="kubernetes",
    )


def _kubernetes_release(name: str) -> Release:
    url = f"https://dl.k8s.io/release/v{{version}}/bin/{{os}}/{{arch}}/{name}"
    return Release(url, (Checksum(url + ".sha256", "bare"),))


def _kubernetes(name: str) -> GoBuild:
    return GoBuild(
        "go",
        f"k8s.io/kubernetes/cmd/{name}",
        name,
        variables=_KUBERNETES_VARIABLES,
        shared=_SANDBOX,
    )


def _kubectl() -> Program:
    return Program(
        "kubectl",
        KUBERNETES,
        go=_kubernetes("kubectl"),
        releases=_anywhere(_kubernetes_release("kubectl")),
        check=VersionCheck(("version", "--client"), r"^Client Version: v(\S+)"),
    )


def _control_plane(name: str) -> Program:
    """Kubernetes publishes its servers for Linux only."""
    return Program(
        name,
        KUBERNETES,
        go=_kubernetes(name),
        releases=MappingProxyType({"linux": _kubernetes_release(name)}),
        check=VersionCheck(("--version",), r"^Kubernetes v(\S+)"),
    )


def _etcd() -> Program:
    folder = "https://github.com/etcd-io/etcd/releases/download/v{version}"
    checksums = (Checksum(folder + "/SHA256SUMS"),)
    stem = "etcd-v{version}-{os}-{arch}"
    members = {"etcd": f"{stem}/etcd"}
    return Program(
        "etcd",
        ETCD,
        go=GoBuild("go", "go.etcd.io/etcd/server/v3", "server", shared=_SANDBOX),
        releases=MappingProxyType(
            {
                "linux": Release(f"{folder}/{stem}.tar.gz", checksums, members),
                "darwin": Release(f"{folder}/{stem}.zip", checksums, members),
            }
        ),
        check=VersionCheck(("--version",), r"^etcd Version: (\S+)"),
    )


def _kwok() -> Program:
    """Its release has no checksum file of its own; GitHub's digest may stand in."""
    repository = "kubernetes-sigs/kwok"
    url = f"https://github.com/{repository}/releases/download/v{{version}}/kwok-{{os}}-{{arch}}"
    return Program(
        "kwok",
        KWOK,
        go=GoBuild(
            "go",
            "sigs.k8s.io/kwok/cmd/kwok",
            "kwok",
            variables=(f"sigs.k8s.io/kwok/pkg/consts.Version=v{KWOK}",),
            shared=_SANDBOX,
        ),
        releases=_anywhere(Release(url, (_github_digest(repository, "v{version}"),))),
        check=VersionCheck(("--version",), r"version v?(\d\S*)"),
    )


def _helm() -> Program:
    """The Kubernetes version that its templates assume is the vendor's, not the wrapper's."""
    url = "https://get.helm.sh/helm-v{version}-{os}-{arch}.tar.gz"
    module = "helm.sh/helm/v3"
    return Program(
        "helm",
        HELM,
        go=GoBuild(
            "go",
            f"{module}/cmd/helm",
            "helm",
            variables=(
                f"{module}/internal/version.version=v{HELM}",
                f"{module}/pkg/lint/rules.k8sVersionMajor=1",
                f"{module}/pkg/lint/rules.k8sVersionMinor=34",
                f"{module}/pkg/chartutil.k8sVersionMajor=1",
                f"{module}/pkg/chartutil.k8sVersionMinor=34",
            ),
            alone=True,
        ),
        releases=_anywhere(
            Release(url, (Checksum(url + ".sha256sum"),), {"helm": "{os}-{arch}/helm"})
        ),
        check=VersionCheck(("version", "--short"), r"^v([^+\s]+)"),
    )


def _kustomize() -> Program:
    folder = "https://github.com/kubernetes-sigs/kustomize/releases/download/kustomize%2Fv{version}"
    return Program(
        "kustomize",
        KUSTOMIZE,
        go=GoBuild("go", "sigs.k8s.io/kustomize/kustomize/v5", "kustomize"),
        releases=_anywhere(
            Release(
                folder + "/kustomize_v{version}_{os}_{arch}.tar.gz",
                (Checksum(folder + "/checksums.txt"),),
                {"kustomize": "kustomize"},
            )
        ),
        check=VersionCheck(("version",), r"^v(\S+)"),
    )


def _sops() -> Program:
    """A wrapper of its own: with the libraries of three clouds, nothing else would be rebuilt."""
    folder = "https://github.com/getsops/sops/releases/download/v{version}"
    return Program(
        "sops",
        SOPS,
        go=GoBuild("go-sops", "github.com/getsops/sops/v3/cmd/sops", "sops"),
        releases=_anywhere(
            Release(
                folder + "/sops-v{version}.{os}.{arch}",
                (Checksum(folder + "/sops-v{version}.checksums.txt"),),
            )
        ),
        check=VersionCheck(("--version", "--disable-version-check"), r"^sops (\S+)"),
    )


def _age_keygen() -> Program:
    """Makes the keys that SOPS encrypts for; its release has GitHub's digest only."""
    repository = "FiloSottile/age"
    folder = f"https://github.com/{repository}/releases/download/v{{version}}"
    return Program(
        "age-keygen",
        AGE,
        go=GoBuild(
            "go-sops",
            "filippo.io/age/cmd/age-keygen",
            "age-keygen",
            variables=(f"main.Version=v{AGE}",),
            alone=True,
        ),
        releases=_anywhere(
            Release(
                folder + "/age-v{version}-{os}-{arch}.tar.gz",
                (_github_digest(repository, "v{version}"),),
                {"age-keygen": "age/age-keygen"},
            )
        ),
        check=VersionCheck(("--version",), r"^v(\S+)"),
    )


def _cosign() -> Program:
    folder = "https://github.com/sigstore/cosign/releases/download/v{version}"
    return Program(
        "cosign",
        COSIGN,
        go=GoBuild(
            "go-signatures",
            "github.com/sigstore/cosign/v3/cmd/cosign",
            "cosign",
            variables=(f"sigs.k8s.io/release-utils/version.gitVersion=v{COSIGN}",),
        ),
        releases=_anywhere(
            Release(folder + "/cosign-{os}-{arch}", (Checksum(folder + "/cosign_checksums.txt"),))
        ),
        check=VersionCheck(("version",), r"^GitVersion:\s+v(\S+)"),
    )


def _notation() -> Program:
    folder = "https://github.com/notaryproject/notation/releases/download/v{version}"
    module = "github.com/notaryproject/notation"
    return Program(
        "notation",
        NOTATION,
        go=GoBuild(
            "go-signatures",
            f"{module}/cmd/notation",
            "notation",
            variables=(
                f"{module}/internal/version.Version={NOTATION}",
                f"{module}/internal/version.BuildMetadata=",
            ),
        ),
        releases=_anywhere(
            Release(
                folder + "/notation_{version}_{os}_{arch}.tar.gz",
                (Checksum(folder + "/notation_{version}_checksums.txt"),),
                {"notation": "notation"},
            )
        ),
        check=VersionCheck(("version",), r"^Version:\s+(\S+)"),
    )


def _gitea_release(name: str, *, darwin: str) -> Mapping[str, Release]:
    """Each file has a `.sha256` beside it; `darwin` is how the vendor names macOS."""
    folder = f"https://dl.gitea.com/{name}/{{version}}/{name}-{{version}}"
    return MappingProxyType(
        {
            system: Release(url, (Checksum(url + ".sha256"),))
            for system, url in (
                ("linux", f"{folder}-linux-{{arch}}"),
                ("darwin", f"{folder}-{darwin}-{{arch}}"),
            )
        }
    )


def _gitea() -> Program:
    """Its templates are inside, as in the vendor's; scripts of the web pages Go cannot build."""
    module = "code.gitea.io/gitea"
    folders = ("public", "templates", "options", "migration")
    return Program(
        "gitea",
        GITEA,
        go=GoBuild(
            "go-gitea",
            module,
            "gitea",
            variables=(f"main.Version={GITEA}",),
            alone=True,
            tags=("bindata", "sqlite", "sqlite_unlock_notify"),
            cgo=True,
            generated=Generated(module, tuple(f"./modules/{folder}" for folder in folders)),
        ),
        releases=_gitea_release("gitea", darwin="darwin-10.12"),
        check=VersionCheck(("--version",), r"^gitea version (\S+)"),
    )


def _gitea_runner() -> Program:
    module = "gitea.com/gitea/runner"
    return Program(
        "gitea-runner",
        GITEA_RUNNER,
        go=GoBuild(
            "go-gitea",
            module,
            "runner",
            variables=(f"{module}/internal/pkg/ver.version=v{GITEA_RUNNER}",),
        ),
        releases=_gitea_release("gitea-runner", darwin="darwin"),
        check=VersionCheck(("--version",), r"version v(\S+)"),
    )


PROGRAMS: Mapping[str, Program] = MappingProxyType(
    {
        program.name: program
        for program in (
            _pulumi(),
            _pulumi_language_python(),
            _pulumi_resource_kubernetes(),
            _kubectl(),
            _control_plane("kube-apiserver"),
            _control_plane("kube-controller-manager"),
            _control_plane("kube-scheduler"),
            _etcd(),
            _kwok(),
            _helm(),
            _kustomize(),
            _sops(),
            _age_keygen(),
            _cosign(),
            _notation(),
            _gitea(),
            _gitea_runner(),
        )
    }
)
"""The programs by name."""

_DEPLOY = ("pulumi", "pulumi-language-python", "pulumi-resource-kubernetes", "kubectl")
_CONTROL_PLANE = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok")
_SECRETS = ("sops", "age-keygen")
_SIGNATURES = ("cosign", "notation")
_UP = (*_DEPLOY, *_CONTROL_PLANE)
_GITEA = ("gitea", "gitea-runner")

SETS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "deploy": _DEPLOY,
        "sandbox": (*_CONTROL_PLANE, "kubectl"),
        "up": _UP,
        "charts": ("helm",),
        "pipeline": (*_DEPLOY, "helm"),
        "demo": (*_UP, "helm", *_GITEA),
        "gitea": (*_CONTROL_PLANE, "kubectl", *_GITEA),
        "check": ("kubectl",),
        "secrets": _SECRETS,
        "signatures": _SIGNATURES,
        "test": (*_UP, "helm", "kustomize", *_SECRETS, *_SIGNATURES, *_GITEA),
    }
)
"""What each purpose needs; a user with a cluster of their own needs `deploy` only."""


def program_set(purpose: str) -> tuple[Program, ...]:
    """Give the programs of one purpose; an unknown purpose is a `ToolchainError`."""
    if purpose not in SETS:
        known = ", ".join(SETS)
        raise ToolchainError(f"there is no set of programs {purpose!r}; the sets are: {known}")
    return tuple(PROGRAMS[name] for name in SETS[purpose])
