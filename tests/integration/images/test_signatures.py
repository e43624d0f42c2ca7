"""What the real cosign and notation signed, in Debian's registry, and what they did not."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from components.errors import ArtifactError
from components.lib.artifacts.chart_source import RemoteCharts
from components.lib.artifacts.oci_registry import CHART_LAYERS
from components.lib.artifacts.oci_source import OCIRequest
from components.lib.artifacts.remote_images import RemoteImages
from components.lib.locks.image_source import ImageSource
from components.lib.locks.lock_entry import LockEntry
from components.lib.locks.locked_chart import ChartRequest
from components.lib.locks.locked_image import ImageRequest
from components.lib.policies.policy import TagPolicy
from components.lib.policies.semver import SemVerPolicy
from components.lib.registry.access import ANYBODY, Access
from components.lib.registry.mirrors import Mirrors
from components.lib.signatures.verification import Verification, trusted
from sluice.sandbox.control_plane.pki import Authority, Subject
from tests.integration.images.signers import Cosign, Notation, Signer
from tests.registry import FLUX, ROBOT, Registry, closed, log_in, running


@dataclass(frozen=True)
class Place:
    """A stack's repository, and the registry that it looks into."""

    root: Path
    host: str
    access: Access = ANYBODY

    def image(self, name: str, verify: Verification) -> LockEntry:
        ca_file = os.path.relpath(self.access.ca_file, self.root) if self.access.ca_file else ""
        source = ImageSource(f"{self.host}/{name}", ca_file=ca_file)
        asked = ImageRequest(
            name="app",
            source=source,
            policy=TagPolicy(SemVerPolicy("1.x")),
            verify=trusted(verify, self.root),
        )
        return RemoteImages(self.root).newest(asked, None)

    def chart(self, name: str, verify: Verification) -> LockEntry:
        folder, _, chart = name.rpartition("/")
        asked = ChartRequest(
            name="app",
            source=f"oci://{self.host}/{folder}",
            chart=chart,
            range="1.x",
            access=self.access,
            verify=trusted(verify, self.root),
        )
        return RemoteCharts().newest(asked, None)

    def artifact(self, name: str, verify: Verification) -> LockEntry:
        asked = OCIRequest(
            name="app",
            url=f"oci://{self.host}/{name}",
            ref="semver 1.x",
            access=self.access,
            verify=trusted(verify, self.root),
        )
        return asked.look_up(Mirrors(), None)


LOOK_UPS: dict[str, Callable[[Place, str, Verification], LockEntry]] = {
    "image": Place.image,
    "chart": Place.chart,
    "artifact": Place.artifact,
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("repository")


@pytest.fixture(scope="module")
def signers(root: Path, programs: Path) -> Iterator[dict[str, Signer]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
        patch.setenv("DOCKER_CONFIG", str(root / "docker"))
        # What a machine trusts for itself is not what the repository trusts.
        patch.setenv("NOTATION_CONFIG", str(root / "of-the-machine"))
        yield {"cosign": Cosign(root, "ada"), "notation": Notation(root, "ada")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the registry's content lies."""
    return tmp_path_factory.mktemp("registry")


@pytest.fixture
def registry(folder: Path) -> Iterator[Registry]:
    with running(folder) as registry:
        yield registry


def pushed(registry: Registry, kind: str, name: str, tag: str) -> str:
    """Push something of a kind; return how programs name it."""
    if kind == "image":
        digest = registry.push(name, tag, labels={"version": tag})
    else:
        layer = {"chart": CHART_LAYERS[0], "artifact": FLUX}[kind]
        digest = registry.push_artifact(name, tag, tag.encode(), layer)
    return f"{registry.host}/{name}@{digest}"


@pytest.mark.parametrize("by", ["cosign", "notation"])
@pytest.mark.parametrize("kind", LOOK_UPS)
def test_what_is_signed_is_locked_and_nothing_else(
    registry: Registry, root: Path, signers: dict[str, Signer], kind: str, by: str
) -> None:
    signer, name = signers[by], f"{by}/{kind}"
    place = Place(root, registry.host)
    signer.sign(pushed(registry, kind, name, "1.0.0"))
    locked = LOOK_UPS[kind](place, name, signer.verification)
    assert locked.shown.startswith("1.0.0")
    assert locked.verified == str(trusted(signer.verification, root))

    unsigned = pushed(registry, kind, name, "1.1.0")
    with pytest.raises(ArtifactError) as refusal:
        LOOK_UPS[kind](place, name, signer.verification)
    assert str(refusal.value).startswith(
        f"{unsigned} is not locked, as it is not verified by {signer.verification}: "
    )
    assert "no signature" in str(refusal.value)


@pytest.mark.parametrize("by", ["cosign", "notation"])
def test_what_somebody_else_signed_is_not_locked(
    registry: Registry, root: Path, signers: dict[str, Signer], by: str
) -> None:
    mallory = {"cosign": Cosign, "notation": Notation}[by](root, f"mallory-{by}")
    mallory.sign(pushed(registry, "image", f"mallory/{by}", "1.0.0"))
    place = Place(root, registry.host)
    assert place.image(f"mallory/{by}", mallory.verification).verified
    with pytest.raises(ArtifactError, match=f"is not verified by {signers[by].verification}: "):
        place.image(f"mallory/{by}", signers[by].verification)


def test_cosigns_signatures_of_before_its_bundles_are_good(
    registry: Registry, root: Path, signers: dict[str, Signer]
) -> None:
    cosign = signers["cosign"]
    assert isinstance(cosign, Cosign)
    cosign.sign(pushed(registry, "image", "old/app", "1.0.0"), "--new-bundle-format=false")
    assert Place(root, registry.host).image("old/app", cosign.verification).verified


@pytest.mark.parametrize("by", ["cosign", "notation"])
def test_a_registry_with_a_password_and_an_authority_of_its_own_is_asked_as_ours_is(
    folder: Path, root: Path, signers: dict[str, Signer], by: str, tmp_path: Path
) -> None:
    signer = signers[by]
    with running(folder) as registry:
        for kind in LOOK_UPS:
            signer.sign(pushed(registry, kind, f"closed/{by}/{kind}", "1.0.0"))
    Authority(tmp_path, "ca").issue_server("registry", Subject("registry"))
    tls = (tmp_path / "registry.crt", tmp_path / "registry.key", tmp_path / "ca.crt")
    with closed(folder, tls=tls) as registry:
        user, password = ROBOT
        robot = Access(username=user, password=password, ca_file=str(tls[2]))
        place = Place(root, registry.host, robot)
        for kind in ("chart", "artifact"):
            assert LOOK_UPS[kind](place, f"closed/{by}/{kind}", signer.verification).verified
        # Images are read with what Docker knows.
        (root / "docker").mkdir(exist_ok=True)
        log_in(root / "docker" / "config.json", registry.host, password)
        assert place.image(f"closed/{by}/image", signer.verification).verified
