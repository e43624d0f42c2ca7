from __future__ import annotations

import pytest

from sluice.status.events import events_of
from sluice.status.tree import lines, tree_of
from tests.unit.sluice.stack_data import DEPLOYED, live, live_object

PULLING = {
    "phase": "Pending",
    "containerStatuses": [{"state": {"waiting": {"reason": "ImagePullBackOff"}}}],
}


def test_a_tree_goes_down_to_the_pods_and_leaves_history_out() -> None:
    shown = [f"{branches}{node}" for branches, node in lines(tree_of(DEPLOYED, live()))]
    assert shown == [
        "Stack/dev",
        "├── Application/web",
        "│   ├── Deployment/shop/web",
        "│   │   └── ReplicaSet/shop/web-new",
        "│   │       └── Pod/shop/web-new-1",
        "│   ├── Namespace/shop",
        "│   └── Service/shop/web",
        "├── HelmRelease/redis",
        "│   ├── ClusterRole/redis",
        "│   ├── ConfigMap/shop/redis",
        "│   └── StatefulSet/shop/redis-master",
        "├── HelmRepository/charts",
        "└── Namespace/shop",
        "    └── Namespace/shop",
    ]


def test_what_is_not_ready_says_why_and_so_does_all_above_it() -> None:
    pod = live_object("Pod", "web-new-1", owner="ReplicaSet-web-new", status=PULLING)
    gone = live(Pod=[pod], StatefulSet=[])
    states = {str(node): (node.ready, node.message) for _, node in lines(tree_of(DEPLOYED, gone))}
    assert states["Pod/shop/web-new-1"] == (False, "ImagePullBackOff")
    assert states["StatefulSet/shop/redis-master"] == (False, "not there")
    assert states["HelmRelease/redis"][0] is False
    assert states["Stack/dev"] == (False, "abc1234")


def event(kind: str, name: str, minute: int, **more: object) -> dict[str, object]:
    return {
        "involvedObject": {"kind": kind, "namespace": "shop", "name": name},
        "metadata": {"creationTimestamp": f"2026-11-23T21:{minute:02}:00Z"},
        "reason": f"At{minute}",
        "message": "two\n lines",
        "type": "Normal",
        **more,
    }


EVENTS = [
    event("Pod", "web-new-1", 5, lastTimestamp=None, count=None),
    event("Pod", "somebody-elses", 1),
    event("StatefulSet", "redis-master", 9, lastTimestamp="2026-11-23T21:02:00Z", count=3),
    event("Deployment", "web", 4, eventTime="2026-11-23T21:04:00.500000Z"),
]


def test_events_are_those_of_the_stack_s_objects_and_their_pods_by_time() -> None:
    found = events_of(tree_of(DEPLOYED, live()), EVENTS)
    assert [(each.reason, each.object, each.component, each.count) for each in found] == [
        ("At9", "StatefulSet/shop/redis-master", "helmrelease/redis", 3),
        ("At4", "Deployment/shop/web", "application/web", 1),
        ("At5", "Pod/shop/web-new-1", "application/web", 1),
    ]
    assert found[0].message == "two lines"


@pytest.mark.parametrize(
    ("wanted", "reasons"),
    [
        ("deployment/web", ["At4", "At5"]),
        ("Application/web", ["At4", "At5"]),
        ("pod/web-new-1", ["At5"]),
        ("helmrelease/redis", ["At9"]),
        ("pod/none", []),
    ],
)
def test_events_may_be_asked_for_one_object_and_what_is_below(
    wanted: str, reasons: list[str]
) -> None:
    found = events_of(tree_of(DEPLOYED, live()), EVENTS, wanted)
    assert [each.reason for each in found] == reasons
