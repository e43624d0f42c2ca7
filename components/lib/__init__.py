"""Pure Python under the components: nothing here knows Pulumi."""
