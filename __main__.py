"""The Pulumi program: deploy the environment that the current stack names."""

from components import deploy

deploy()
