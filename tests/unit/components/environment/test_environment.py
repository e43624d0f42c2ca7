from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any

import pulumi
import pytest

from components import (
    Application,
    ApplicationArgs,
    DeclarationError,
    Environment,
    HelmRepository,
    Namespace,
    NamespaceArgs,
    Patch,
    Setting,
    member,
)
from components.environment.environment import member_names

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Declare


class Shop(Environment):
    """The base that the overlays of these tests change."""

    replicas: int = 1
    level: str = "info"

    @member
    def web(self) -> Application:
        arguments = ApplicationArgs(
            image="shop/web:1.0",
            namespace=self.namespace,
            replicas=self.replicas,
            config={"LEVEL": self.level},
            secrets={"TOKEN": "s3cret", "KEY": "k3y"},
        )
        return Application("web", arguments)

    @member
    def namespace(self) -> Namespace:
        return Namespace("shop")

    @member
    def charts(self) -> HelmRepository:
        return HelmRepository("charts", "https://charts.example.org/")


def replicas(patch: int) -> dict[str, Any]:
    return {"spec": {"replicas": patch}}


def test_an_environment_makes_its_members_once_each_when_first_used(declare: Declare) -> None:
    registered = declare(lambda: Shop("dev"))
    components = [(r.type, r.name) for r in registered if r.type.startswith("sluice:")]
    assert sorted(components) == [
        ("sluice:apps:Application", "web"),
        ("sluice:core:Namespace", "shop"),
        ("sluice:environment:Environment", "dev"),
        ("sluice:source:HelmRepository", "charts"),
    ]
    assert registered.one("Environment")["members"] == ["namespace", "web", "charts"]
    assert {r.parent for r in registered if r.name in ("shop", "web", "charts")} == {"dev"}


def test_an_overlay_sets_attributes(declare: Declare) -> None:
    class Prod(Shop):
        replicas = 3
        level = "warning"

    registered = declare(lambda: Prod("prod"))
    assert registered.object("Deployment")["spec"]["replicas"] == 3
    assert registered.object("ConfigMap")["data"] == {"LEVEL": "warning"}


def test_an_overlay_adds_a_member_after_those_of_its_base(declare: Declare) -> None:
    class Prod(Shop):
        @member
        def extra(self) -> Namespace:
            return Namespace("extra")

    assert list(member_names(Prod)) == ["web", "namespace", "charts", "extra"]
    assert "extra" in declare(lambda: Prod("prod")).names()


def test_an_overlay_defines_a_member_anew_for_all_who_use_it(declare: Declare) -> None:
    class Prod(Shop):
        @member
        def namespace(self) -> Namespace:
            return Namespace("shop-prod")

    registered = declare(lambda: Prod("prod"))
    assert registered.object("Deployment")["metadata"]["namespace"] == "shop-prod"
    assert "shop" not in registered.names()


def test_an_overlay_adds_to_the_member_of_its_base(declare: Declare) -> None:
    class Prod(Shop):
        @member
        def web(self) -> Application:
            web = super().web
            Namespace("web-cache")
            return web

    registered = declare(lambda: Prod("prod"))
    assert {"web", "web-cache"} <= set(registered.names())


def test_an_overlay_leaves_a_member_out_and_its_own_overlay_brings_it_back() -> None:
    class Small(Shop):
        removed = ("charts",)

    class Larger(Small):
        @member
        def charts(self) -> HelmRepository:
            return HelmRepository("charts", "https://charts.example.org/")

    assert list(member_names(Small)) == ["web", "namespace"]
    assert list(member_names(Larger)) == ["web", "namespace", "charts"]


def test_patches_of_a_base_come_first(declare: Declare) -> None:
    class Staging(Shop):
        patches = (Patch(kind="Deployment", name="web", merge=replicas(2)),)

    class Prod(Staging):
        patches = (
            Patch(
                kind="Deployment",
                name="web",
                json6902=[
                    {"op": "test", "path": "/spec/replicas", "value": 2},
                    {"op": "replace", "path": "/spec/replicas", "value": 5},
                ],
            ),
        )

    assert declare(lambda: Staging("s")).object("Deployment")["spec"]["replicas"] == 2
    assert declare(lambda: Prod("p")).object("Deployment")["spec"]["replicas"] == 5


def test_a_patch_may_match_several_objects(declare: Declare) -> None:
    class Labelled(Shop):
        patches = (Patch(kind="*", name="*", merge={}),)

    error = declare(lambda: Labelled("dev")).error
    assert "patch to * * matches no object" in str(error)  # a kind is named in full

    class Marked(Shop):
        patches = (
            Patch(
                kind="Namespace",
                name="sh?p",
                merge={"metadata": {"labels": {"marked": "yes"}}},
            ),
        )

    assert (
        declare(lambda: Marked("dev")).object("Namespace")["metadata"]["labels"]["marked"] == "yes"
    )


def test_a_patched_secret_keeps_its_other_values_and_all_of_them_secret(declare: Declare) -> None:
    class Prod(Shop):
        patches = (
            Patch(
                kind="Secret", name="web", merge={"stringData": {"TOKEN": "another", "NEW": "n"}}
            ),
        )

    values = declare(lambda: Prod("prod")).one("Secret")["stringData"]
    assert {key: value.value for key, value in values.items()} == {
        "TOKEN": "another",
        "KEY": "k3y",
        "NEW": "n",
    }


def test_a_patch_reaches_the_children_of_children(declare: Declare) -> None:
    class Nested(Environment):
        patches = (Patch(kind="Namespace", name="web", merge={"metadata": {"labels": {"a": "b"}}}),)

        @member
        def web(self) -> Application:
            return Application("web", ApplicationArgs(image="web:1"))

    registered = declare(lambda: Nested("dev"))
    assert registered.object("Namespace")["metadata"]["labels"]["a"] == "b"


def test_a_setting_comes_from_the_stack_s_configuration_or_from_the_overlay(
    declare: Declare,
) -> None:
    class Configured(Shop):
        replicas = Setting(int, "replicas")  # type: ignore[assignment]

    class Fixed(Configured):
        replicas = 9  # type: ignore[assignment]

    config = {"infrastructure:replicas": "4"}
    configured = declare(lambda: Configured("dev"), config=config)
    assert configured.object("Deployment")["spec"]["replicas"] == 4
    assert declare(lambda: Fixed("dev")).object("Deployment")["spec"]["replicas"] == 9


def test_a_component_outside_of_an_environment_belongs_to_the_stack(declare: Declare) -> None:
    made = declare(lambda: Namespace("a")).one("Namespace", "a")
    assert "::pulumi:pulumi:Stack::" in made.request.parent


def test_an_explicit_parent_wins_over_the_environment(declare: Declare) -> None:
    class Grouped(Environment):
        @member
        def outer(self) -> Namespace:
            return Namespace("outer")

        @member
        def inner(self) -> Namespace:
            return Namespace("inner", opts=pulumi.ResourceOptions(parent=self.outer))

    registered = declare(lambda: Grouped("dev"))
    assert registered.one("Namespace", "inner").parent == "outer"


# What is refused


def test_an_unknown_attribute_is_refused_with_its_line_and_a_suggestion(here: str) -> None:
    line = inspect.currentframe().f_lineno + 5  # type: ignore[union-attr]
    with pytest.raises(DeclarationError) as refusal:

        class Misspelt(Shop):
            level = "warning"
            replica = 3

    assert str(refusal.value) == (
        f"{here}:{line}: Misspelt.replica changes nothing: no base has that attribute; "
        "did you mean replicas? (annotate a new one with its type)"
    )


def test_a_new_attribute_is_annotated() -> None:
    class Prod(Shop):
        colour: str = "blue"
        _private = 1

        def helper(self) -> str:
            return self.colour

    assert Prod.colour == "blue"


def test_a_member_named_twice_is_refused_with_both_lines(here: str) -> None:
    with pytest.raises(DeclarationError, match="is named twice") as refusal:

        class Twice(Environment):
            @member
            def a(self) -> Namespace:
                return Namespace("a")

            @member
            def a(self) -> Namespace:  # type: ignore[no-redef]  # noqa: F811 - what is refused
                return Namespace("b")

    lines = [int(n) for n in re.findall(rf"{re.escape(here)}:(\d+)", str(refusal.value))]
    assert lines[0] - lines[1] == 4


def test_removing_an_unknown_member_is_refused(here: str) -> None:
    with pytest.raises(DeclarationError) as refusal:

        class Prod(Shop):
            removed = ("chart",)

    assert re.fullmatch(
        rf"{re.escape(here)}:\d+: Prod removes 'chart', which is no member; "
        "there are: charts, namespace, web",
        str(refusal.value),
    )


def test_using_a_removed_member_is_refused(refused: Callable[..., str], here: str) -> None:
    class Prod(Shop):
        removed = ("namespace",)

    error = refused(lambda: Prod("prod"))
    assert re.match(rf"{re.escape(here)}:\d+: ", error)
    assert "Prod: member 'namespace' is removed but 'web' uses it" in error


def test_using_a_member_that_is_not_there_is_refused_with_its_line_and_a_suggestion(
    refused: Callable[..., str], here: str
) -> None:
    class Wrong(Shop):
        @member
        def api(self) -> Application:
            return Application("api", ApplicationArgs(image="a:1", namespace=self.namespaces))  # type: ignore[attr-defined]

    error = refused(lambda: Wrong("dev"))
    assert re.fullmatch(
        rf"{re.escape(here)}:\d+: Wrong has no member or attribute 'namespaces'; "
        "did you mean namespace\\?",
        error,
    )


def test_members_that_need_each_other_are_refused(refused: Callable[..., str], here: str) -> None:
    class Circle(Environment):
        @member
        def a(self) -> Any:
            return self.b

        @member
        def b(self) -> Any:
            return self.a

    error = refused(lambda: Circle("dev"))
    assert re.match(rf"{re.escape(here)}:\d+: ", error)
    assert "Circle: members need each other: a -> b -> a" in error


def patched(*patches: Patch) -> Callable[[], Environment]:
    """A program of one environment with these patches."""
    kind = type("Patched", (Shop,), {"patches": patches})
    return lambda: kind("dev")


@pytest.mark.parametrize(
    ("patch", "problem"),
    [
        (
            {"kind": "Deployment", "name": "wbe", "merge": {}},
            "patch to Deployment wbe matches no object; there are: Deployment web",
        ),
        (
            {"kind": "Deployment", "name": "web", "namespace": "other", "merge": {}},
            "patch to Deployment other/web matches no object",
        ),
        (
            {"kind": "StatefulSet", "name": "web", "merge": {}},
            "patch to StatefulSet web matches no object",
        ),
        (
            {"kind": "Deployment", "name": "web", "merge": {"metadata": {"name": "www"}}},
            "a patch cannot rename Deployment shop/web",
        ),
        (
            {"kind": "Deployment", "name": "web", "merge": {"kind": "StatefulSet"}},
            "a patch cannot rename Deployment shop/web",
        ),
        (
            {"kind": "Deployment", "name": "web", "merge": {"spec": {"replicas": "3"}}},
            "Deployment shop/web: spec.replicas: want integer, got string '3'",
        ),
        (
            {"kind": "Deployment", "name": "web", "merge": {"spec": {"replica": 3}}},
            "unknown field spec.replica (did you mean replicas?)",
        ),
        (
            {
                "kind": "Deployment",
                "name": "web",
                "json6902": [{"op": "remove", "path": "/spec/paused"}],
            },
            "paused",
        ),
        (
            {
                "kind": "Deployment",
                "name": "web",
                "json6902": [{"op": "increase", "path": "/spec/replicas"}],
            },
            "Unknown operation 'increase'",
        ),
        (
            {"kind": "Deployment", "name": "web", "json6902": [{"op": "replace"}]},
            "path",
        ),
        (
            {"kind": "Deployment", "name": "web", "json6902": [{"op": "remove", "path": "spec"}]},
            "Location must start with /",
        ),
        (
            {
                "kind": "Deployment",
                "name": "web",
                "json6902": [{"op": "test", "path": "/spec/replicas", "value": 7}],
            },
            "1 (<class 'int'>) is not equal to tested value 7",
        ),
        (
            {"kind": "Deployment", "name": "web", "merge": {"spec": {"$patch": "remove"}}},
            "$patch: remove is not allowed here",
        ),
    ],
)
def test_a_wrong_patch_is_refused_where_it_is_written(
    refused: Callable[..., str], here: str, patch: dict[str, Any], problem: str
) -> None:
    error = refused(patched(Patch(**patch)))
    assert re.match(rf"{re.escape(here)}:\d+: ", error)
    assert problem in error


@pytest.mark.parametrize("both", [{}, {"merge": {}, "json6902": []}])
def test_a_patch_says_what_to_change_in_exactly_one_way(both: dict[str, Any], here: str) -> None:
    with pytest.raises(DeclarationError, match=rf"{re.escape(here)}:\d+: .* give either merge="):
        Patch(kind="Deployment", name="web", **both)


def test_the_same_object_declared_twice_is_refused_with_both_lines(
    refused: Callable[..., str], here: str
) -> None:
    class Twice(Environment):
        @member
        def first(self) -> Namespace:
            return Namespace("team")

        @member
        def second(self) -> Application:
            return Application("team", ApplicationArgs(image="a:1"))

    error = refused(lambda: Twice("dev"))
    place = rf"{re.escape(here)}:\d+"
    assert re.fullmatch(rf"{place}: Namespace team is declared twice; first at {place}", error)


def test_the_last_of_many_members_being_wrong_applies_none_of_them(
    refused: Callable[..., str],
) -> None:
    class Wrong(Shop):
        @member
        def last(self) -> Namespace:
            return Namespace("last", NamespaceArgs(quota={"pods": "many"}))

    assert "quota['pods']: 'many' is not a quantity" in refused(lambda: Wrong("dev"))
