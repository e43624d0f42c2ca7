"""Helm releases: charts, values, tests, post-renderers."""
