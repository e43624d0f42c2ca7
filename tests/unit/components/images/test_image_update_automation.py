from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from components import ImageUpdateAutomation, ImageUpdateAutomationArgs
from components.images.image_update_automation import SigningKey

if TYPE_CHECKING:
    from conftest import Declare

AUTHOR = "Flux Bot <fluxbot@raibid.local>"


def automation(**args: Any) -> ImageUpdateAutomation:
    return ImageUpdateAutomation("apps", ImageUpdateAutomationArgs(**{"author": AUTHOR, **args}))


def test_an_automation_makes_no_object_and_follows_every_policy(declare: Declare) -> None:
    made: list[ImageUpdateAutomation] = []
    registered = declare(lambda: made.append(automation()))
    assert registered.names() == ["apps"]
    assert (made[0].author_name, made[0].author_mail) == ("Flux Bot", "fluxbot@raibid.local")
    assert made[0].follows({})
    assert made[0].follows({"team": "a"})


def test_it_follows_the_policies_that_its_selector_matches(declare: Declare) -> None:
    made: list[ImageUpdateAutomation] = []
    declare(lambda: made.append(automation(policy_selector={"team": "a", "tier": "web"})))
    assert made[0].follows({"team": "a", "tier": "web", "x": "y"})
    assert not made[0].follows({"team": "a"})
    assert not made[0].follows({"team": "b", "tier": "web"})


def test_an_author_without_a_name_goes_by_the_address(declare: Declare) -> None:
    made: list[ImageUpdateAutomation] = []
    declare(lambda: made.append(automation(author="<bot@raibid.local>")))
    assert made[0].author_name == "bot@raibid.local"


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        ({"author": "Flux Bot"}, "author: 'Flux Bot' is not Name <mail>"),
        ({"author": "A <a@b>\nX: <c@d>"}, "is not Name <mail>"),
        ({"path": "/apps"}, "path: '/apps' is not below the repository's root"),
        ({"path": "apps/../.."}, "is not below the repository's root"),
        ({"strategy": "Regex"}, "strategy: 'Regex' is none of Setters"),
        ({"branch": "a..b"}, "branch: 'a..b' is not a branch's name"),
        ({"branch": "-force"}, "is not a branch's name"),
        ({"branch": "a b"}, "is not a branch's name"),
        ({"policy_selector": "team=a"}, "policy_selector: want a map"),
        ({"signing_key": SigningKey(key="ABC", type="x509")}, "signing_key.type: 'x509' is none"),
        ({"signing_key": SigningKey(key="")}, "signing_key.key: is empty"),
    ],
)
def test_what_git_could_not_do_is_refused(
    declare: Declare, args: dict[str, Any], problem: str
) -> None:
    error = declare(lambda: automation(**args)).error
    assert re.search(r"test_\w+\.py:\d+: ImageUpdateAutomation 'apps': ", str(error))
    assert problem in str(error)
