"""What a stack declares, as Flux's objects and in remarks."""

from __future__ import annotations

from typing import Any


def test_what_flux_has_no_kind_for_is_said(exported: Any) -> None:
    found = exported("""
        @member
        def web(self):
            return Application("web", ApplicationArgs(image="registry.local/web:1"))
    """)
    assert found.objects == []
    assert found.remarks[0].startswith("Application web, Namespace web: Flux has no such kind")
