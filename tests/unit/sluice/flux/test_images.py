"""Image repositories and policies as a Flux user would have written them."""

from __future__ import annotations

from typing import Any


def test_images_are_flux_s_own_repository_and_policy(exported: Any) -> None:
    found = exported("""
        @member
        def app_policy(self):
            repository = ImageRepository(
                "app", ImageRepositoryArgs(image="gitea.local/team/app", ca_file="pki/ca.pem")
            )
            return ImagePolicy(
                "app",
                ImagePolicyArgs(
                    repository=repository,
                    policy=NumericalPolicy(Order.DESC),
                    filter_tags=TagFilter("^main-(?P<ts>[0-9]+)$", "$ts"),
                    digest_reflection_policy=ReflectionPolicy.ALWAYS,
                ),
            )
        @member
        def web_policy(self):
            repository = ImageRepository("web", ImageRepositoryArgs(image="web", exclusion_list=()))
            return ImagePolicy(
                "web", ImagePolicyArgs(repository=repository, policy=SemVerPolicy("1.x"))
            )
        """)
    specs = {(each["kind"], each["metadata"]["name"]): each["spec"] for each in found.objects}
    assert specs == {
        ("ImageRepository", "app"): {
            "interval": "10m",
            "image": "gitea.local/team/app",
            "exclusionList": [r"^.*\.sig$"],
        },
        ("ImagePolicy", "app"): {
            "imageRepositoryRef": {"name": "app"},
            "policy": {"numerical": {"order": "desc"}},
            "filterTags": {"pattern": "^main-(?P<ts>[0-9]+)$", "extract": "$ts"},
            "digestReflectionPolicy": "Always",
            "interval": "10m",
        },
        ("ImageRepository", "web"): {"interval": "10m", "image": "web"},
        ("ImagePolicy", "web"): {
            "imageRepositoryRef": {"name": "web"},
            "policy": {"semver": {"range": "1.x"}},
            "digestReflectionPolicy": "IfNotPresent",
        },
    }
    assert found.remarks == [
        "ImageRepository app: pki/ca.pem belongs into a Secret of its certSecretRef"
    ]
