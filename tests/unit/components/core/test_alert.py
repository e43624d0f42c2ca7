from __future__ import annotations

import re
from typing import Any

import pulumi
import pytest

from components import Alert, AlertArgs, DeclarationError, SecretReference

SLACK = SecretReference(config="alerts:slack")


def alert(**arguments: Any) -> Alert:
    given: dict[str, Any] = {"type": "apprise", "address": SLACK, **arguments}
    return Alert("team", AlertArgs(**given))


@pulumi.runtime.test  # type: ignore[no-untyped-call]
def test_an_alert_names_where_its_secret_is_and_never_holds_it() -> None:
    kept = alert(event_severity="error", inclusion_list=["timed out"]).as_dict()
    assert kept["address"] == {"config": "alerts:slack", "env": ""}
    assert (kept["name"], kept["type"], kept["event_severity"]) == ("team", "apprise", "error")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"type": "slack"}, "type: 'slack' is none of generic, alertmanager, apprise"),
        ({"event_severity": "warning"}, "event_severity: 'warning' is neither info nor error"),
        ({"address": "slack://a/b/c"}, "a URL of Apprise holds a token"),
        ({"type": "generic", "address": "ftp://x"}, "address: 'ftp://x' is no http URL"),
        ({"type": "generic", "address": "https://me:pass@x/"}, "address: it holds a password"),
        ({"hmac_key": SLACK}, "hmac_key: only a generic webhook is signed"),
        ({"event_sources": ["redis"]}, "event_sources: 'redis': want KIND/NAME or KIND/*"),
        ({"event_sources": "redis"}, "event_sources: 'redis' is a text, want a list of texts"),
        ({"inclusion_list": ["("]}, "inclusion_list: '(' is no regular expression"),
        ({"exclusion_list": ["("]}, "exclusion_list: '(' is no regular expression"),
    ],
)
def test_a_wrong_alert_is_refused_with_its_field(arguments: Any, problem: str) -> None:
    @pulumi.runtime.test  # type: ignore[no-untyped-call]
    def declare() -> None:
        with pytest.raises(DeclarationError, match=re.escape(problem)):
            alert(**arguments)

    declare()


@pytest.mark.parametrize("given", [{}, {"config": "alerts:slack", "env": "SLACK"}])
def test_a_secret_is_in_the_configuration_or_in_the_environment(given: dict[str, str]) -> None:
    with pytest.raises(DeclarationError, match="either config or env"):
        SecretReference(**given)


def test_a_key_of_the_configuration_is_named_in_full() -> None:
    with pytest.raises(DeclarationError, match="want the full key, as alerts:slack"):
        SecretReference(config="slack")
