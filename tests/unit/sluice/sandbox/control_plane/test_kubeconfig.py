from __future__ import annotations

from sluice.sandbox.control_plane.kubeconfig import Context, render

DEV = Context("dev-cluster", "https://127.0.0.1:20001", b"dev authority", b"certificate", b"key")
PROD = Context("prod-cluster", "https://127.0.0.1:20002", b"prod authority", b"certificate", b"key")

GOLDEN = """\
apiVersion: v1
kind: Config
current-context: dev-cluster
clusters:
- name: dev-cluster
  cluster:
    server: https://127.0.0.1:20001
    certificate-authority-data: ZGV2IGF1dGhvcml0eQ==
- name: prod-cluster
  cluster:
    server: https://127.0.0.1:20002
    certificate-authority-data: cHJvZCBhdXRob3JpdHk=
contexts:
- name: dev-cluster
  context:
    cluster: dev-cluster
    user: dev-cluster
- name: prod-cluster
  context:
    cluster: prod-cluster
    user: prod-cluster
users:
- name: dev-cluster
  user:
    client-certificate-data: Y2VydGlmaWNhdGU=
    client-key-data: a2V5
- name: prod-cluster
  user:
    client-certificate-data: Y2VydGlmaWNhdGU=
    client-key-data: a2V5
"""


def test_a_context_is_named_like_its_cluster() -> None:
    assert render([DEV, PROD]) == GOLDEN
