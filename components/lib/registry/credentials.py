"""Who we are to a registry: what `docker login` and Docker's credential helpers keep.

Docker's own library reads its files (`$DOCKER_CONFIG/config.json`, else
`~/.docker/config.json`) and asks the helpers that they name.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from components.errors import ArtifactError

__all__ = ["Credentials", "docker_credentials"]

_DOCKER_HUB = "docker.io"


@dataclass(frozen=True)
class Credentials:
    """A user's name and password, or a token that stands for both.

    Attributes:
        user: the name.
        password: the password or access token.
        identity_token: what is exchanged for a token where a helper gives no password.

    """

    user: str
    password: str = field(repr=False)
    identity_token: str = field(repr=False, default="")


def docker_credentials(host: str) -> Credentials | None:
    """Return what Docker knows for a registry's host (`docker.io` for Docker Hub), or None.

    Raises ArtifactError where a configured credential helper fails.
    """
    from docker import auth  # noqa: PLC0415 - costs start-up time, only registries need it
    from docker.errors import DockerException  # noqa: PLC0415 - the same

    try:
        found = auth.load_config().resolve_authconfig(None if host == _DOCKER_HUB else host) or {}
    except DockerException as error:
        raise ArtifactError(
            f"Docker's credential helper for {host} fails: {error}; run `docker login {host}`,"
            " or correct Docker's config.json.",
        ) from error
    given = [str(found.get(key) or "") for key in ("username", "password", "identitytoken")]
    named = [str(found.get(key) or "") for key in ("Username", "Password", "IdentityToken")]
    user, password, token = (first or second for first, second in zip(given, named, strict=True))
    return Credentials(user, password, token) if password or token else None
