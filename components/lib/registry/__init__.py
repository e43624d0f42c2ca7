"""Registries and repositories over HTTP: credentials, mirrors, limits."""
