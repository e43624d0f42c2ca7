"""What the provider and Helm say, and the sentence that is made of it."""

from __future__ import annotations

import pytest

from sluice.backend.messages import is_failure, lost_cluster, plain, sentence

ENVIRONMENT = "urn:pulumi:dev::p::sluice:environment:Environment$"
WEB = f"{ENVIRONMENT}sluice:apps:Application$kubernetes:apps/v1:Deployment::web:shop/web"
REDIS = f"{ENVIRONMENT}sluice:helm:HelmRelease$kubernetes:helm.sh/v3:Release::redis"
PROGRAM = "urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev"


@pytest.mark.parametrize(
    ("urn", "message", "said"),
    [
        (
            WEB.replace("::web:", "::web@west:"),
            (
                "configured Kubernetes cluster is unreachable: unable to load schema information "
                "from the API server: dial tcp 10.0.0.1:443: connect: connection refused"
            ),
            (
                "cluster west: the cluster cannot be used: dial tcp 10.0.0.1:443: "
                "connect: connection refused"
            ),
        ),
        (
            f"{ENVIRONMENT}pulumi:providers:kubernetes::tenant:team-a",
            "configured Kubernetes cluster is unreachable: no such host",
            "context dev-cluster: the cluster cannot be used: no such host",
        ),
        (PROGRAM, "stacks/dev.py:4: no such member", "stacks/dev.py:4: no such member"),
        (
            WEB,
            (
                'resource "urn:pulumi:dev::web" was not successfully created by the Kubernetes API '
                'server: Deployment.apps "web" is invalid: spec.replicas: must be positive'
            ),
            (
                'web: Deployment shop/web: Deployment.apps "web" is invalid: '
                "spec.replicas: must be positive"
            ),
        ),
        (
            REDIS,
            (
                'Helm release "databases/redis" failed to initialize completely. Use Helm CLI to '
                "investigate: failed to become available within allocated timeout. Error: "
                "context deadline exceeded"
            ),
            "redis: not everything was ready in time",
        ),
        (
            REDIS,
            "1 error occurred:\n\t* cannot re-use a name that is still in use\n",
            (
                "redis: a release of that name is there already: `sluice adopt STACK COMPONENT` "
                "takes it over, or says why it cannot"
            ),
        ),
        (
            WEB,
            (
                'configured Kubernetes cluster is unreachable: Get "https://127.0.0.1:1/version": '
                "connection refused"
            ),
            "context dev-cluster: the cluster cannot be used: connection refused",
        ),
        (WEB, "update failed", ""),
        (WEB, "<{%reset%}>\n", ""),
        (WEB, "cluster is unreachable. If the cluster was deleted, set …", ""),
    ],
)
def test_a_failure_is_one_sentence(urn: str, message: str, said: str) -> None:
    assert sentence(urn, message, "dev-cluster") == said


def test_errors_fail_an_update_and_of_the_warnings_an_unreachable_cluster() -> None:
    unreachable = "configured Kubernetes cluster is unreachable: connection refused"
    assert is_failure("error", "whatever it is")
    assert is_failure("warning", unreachable)
    assert not is_failure("warning", "deprecated API")
    assert not is_failure("info", unreachable)


def test_markup_colours_and_line_ends_are_taken_out() -> None:
    assert plain("<{%fg 1%}>\x1b[31mnot\n  ready\x1b[0m<{%reset%}>") == "not ready"


def test_a_second_cluster_that_cannot_be_reached_is_named() -> None:
    unreachable = "configured Kubernetes cluster is unreachable: dial tcp: connection refused"
    provider = f"{ENVIRONMENT}pulumi:providers:kubernetes::west"
    assert lost_cluster(WEB.replace("::web:", "::web@west:"), unreachable) == "west"
    assert lost_cluster(provider, unreachable) == "west"
    assert lost_cluster(WEB, unreachable) == ""
    assert lost_cluster(provider, "another failure") == ""


def test_a_programs_own_error_is_a_sentence_with_its_line_wherever_it_was_checked_out() -> None:
    told = (
        """Program failed with an unhandled exception:
        Traceback (most recent call last):
          File "/cache/pulumi-language-python-exec", line 1, in <module>
          File "/home/ada/infrastructure/.sluice/worktrees/77-x_y/stacks/dev.py", line 12, in web
            config={"LEVEL": undefined}
                             ^^^^^^^^^
    """
        "\nNameError: name 'undefined' is not defined\n"
    )
    assert sentence("", told, "dev") == (
        "stacks/dev.py:12: NameError: name 'undefined' is not defined"
    )


@pytest.mark.parametrize(
    ("dumped", "said"),
    [
        ("", "it was killed, often for want of memory, or it crashed"),
        ("\npanic: nil map\n", "panic: nil map"),
    ],
)
def test_a_provider_that_ended_is_named_with_what_it_said(dumped: str, said: str) -> None:
    message = (
        "Detected that /home/plugins/pulumi-resource-kubernetes exited prematurely.\n"
        "This is *always* a bug in the provider. To assist with debugging we have dumped the "
        f"STDOUT and STDERR streams of the plugin:{dumped}"
    )
    assert sentence("", message, "dev") == f"pulumi-resource-kubernetes has ended: {said}"
