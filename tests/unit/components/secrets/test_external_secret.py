from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from components import (
    AWSProvider,
    ClusterSecretStore,
    DeclarationError,
    ExternalSecret,
    ExternalSecretArgs,
    KubernetesProvider,
    OtherProvider,
    RemoteKey,
    RemoteSearch,
    SecretKeySelector,
    SecretStore,
    ServiceAccountSelector,
    StoreArgs,
    VaultProvider,
)

if TYPE_CHECKING:
    from conftest import Declare

VAULT = VaultProvider(server="https://vault.example", role="shop")
ACCOUNT = ServiceAccountSelector(name="reader", namespace="vault")
TOKEN = SecretKeySelector(name="login", key="token")
PASSWORD = RemoteKey(key="database/main", property="password")


@pytest.mark.parametrize(
    ("provider", "expected"),
    [
        (
            VAULT,
            """
            vault:
              server: https://vault.example
              path: secret
              version: v2
              auth: {kubernetes: {mountPath: kubernetes, role: shop}}
            """,
        ),
        (
            VaultProvider(
                server="http://bao:8200", path="kv", version="v1", token=TOKEN, extra={"x": 1}
            ),
            """
            vault:
              server: http://bao:8200
              path: kv
              version: v1
              x: 1
              auth: {tokenSecretRef: {name: login, key: token}}
            """,
        ),
        (
            VaultProvider(
                server="https://vault.example",
                namespace="ns1",
                role="shop",
                service_account=ACCOUNT,
            ),
            """
            vault:
              server: https://vault.example
              path: secret
              version: v2
              namespace: ns1
              auth:
                kubernetes:
                  mountPath: kubernetes
                  role: shop
                  serviceAccountRef: {name: reader, namespace: vault}
            """,
        ),
        (
            VaultProvider(server="https://vault.example", auth={"appRole": {"path": "approle"}}),
            """
            vault:
              server: https://vault.example
              path: secret
              version: v2
              auth: {appRole: {path: approle}}
            """,
        ),
        (
            AWSProvider(
                region="eu-central-1", service_account=ServiceAccountSelector(name="reader")
            ),
            """
            aws:
              region: eu-central-1
              service: SecretsManager
              auth: {jwt: {serviceAccountRef: {name: reader}}}
            """,
        ),
        (
            KubernetesProvider(
                remote_namespace="vault",
                server="https://other:6443",
                token=TOKEN,
                ca_config_map="other-ca",
            ),
            """
            kubernetes:
              remoteNamespace: vault
              server:
                url: https://other:6443
                caProvider: {type: ConfigMap, name: other-ca, key: ca.crt}
              auth: {token: {bearerToken: {name: login, key: token}}}
            """,
        ),
        (
            AWSProvider(region="eu-central-1"),
            "{aws: {region: eu-central-1, service: SecretsManager}}",
        ),
        (
            AWSProvider(
                region="eu-central-1",
                service="ParameterStore",
                access_key_id=SecretKeySelector(name="aws", key="id"),
                secret_access_key=SecretKeySelector(name="aws", key="secret"),
            ),
            """
            aws:
              region: eu-central-1
              service: ParameterStore
              auth:
                secretRef:
                  accessKeyIDSecretRef: {name: aws, key: id}
                  secretAccessKeySecretRef: {name: aws, key: secret}
            """,
        ),
        (
            KubernetesProvider(remote_namespace="vault", service_account="reader"),
            """
            kubernetes:
              remoteNamespace: vault
              server: {caProvider: {type: ConfigMap, name: kube-root-ca.crt, key: ca.crt}}
              auth: {serviceAccount: {name: reader}}
            """,
        ),
        (
            OtherProvider(name="gcpsm", settings={"projectID": "shop"}),
            "{gcpsm: {projectID: shop}}",
        ),
    ],
)
def test_a_provider_is_what_the_operators_yaml_says(provider: Any, expected: str) -> None:
    assert provider.as_provider() == yaml.safe_load(dedent(expected))


def test_a_secret_is_fetched_from_a_store_after_which_it_comes(declare: Declare) -> None:
    def program() -> None:
        store = SecretStore("vault", StoreArgs(namespace="shop", provider=VAULT))
        ExternalSecret(
            "database",
            ExternalSecretArgs(
                namespace="shop",
                store=store,
                data={"password": PASSWORD},
                data_from=[
                    RemoteKey(key="database/login", decoding_strategy="Base64"),
                    RemoteSearch(name="^shop-", tags={"team": "shop"}),
                    {"sourceRef": {"generatorRef": {"kind": "Password", "name": "new"}}},
                ],
                refresh_policy="OnChange",
                deletion_policy="Delete",
                template={"type": "kubernetes.io/basic-auth"},
            ),
        )

    registered = declare(program)
    expected = """
        apiVersion: external-secrets.io/v1
        kind: ExternalSecret
        metadata:
          name: database
          namespace: shop
          annotations: {pulumi.com/waitFor: condition=Ready}
        spec:
          refreshInterval: 1h
          refreshPolicy: OnChange
          secretStoreRef: {kind: SecretStore, name: vault}
          target:
            name: database
            creationPolicy: Owner
            deletionPolicy: Delete
            template: {type: kubernetes.io/basic-auth}
          data:
            - secretKey: password
              remoteRef: {key: database/main, property: password}
          dataFrom:
            - extract: {key: database/login, decodingStrategy: Base64}
            - find: {name: {regexp: ^shop-}, tags: {team: shop}}
            - sourceRef: {generatorRef: {kind: Password, name: new}}
        """
    assert registered.object("ExternalSecret") == yaml.safe_load(dedent(expected))
    assert "vault:shop/vault" in registered.one("ExternalSecret", "database").after


def test_a_store_of_others_is_named_and_waiting_can_be_left(declare: Declare) -> None:
    arguments = ExternalSecretArgs(
        namespace="shop",
        store=("ClusterSecretStore", "vault"),
        data={"password": PASSWORD},
        wait=False,
    )
    made = declare(lambda: ExternalSecret("database", arguments)).object("ExternalSecret")

    assert made["spec"]["secretStoreRef"] == {"kind": "ClusterSecretStore", "name": "vault"}
    assert "annotations" not in made["metadata"]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (
            lambda: SecretStore("vault", StoreArgs(provider=VAULT)),
            "SecretStore 'vault': namespace: a SecretStore has one",
        ),
        (
            lambda: ClusterSecretStore("vault", StoreArgs(provider=VAULT, namespace="shop")),
            "ClusterSecretStore 'vault': namespace: a ClusterSecretStore has none",
        ),
        (
            lambda: ExternalSecret(
                "database", ExternalSecretArgs(namespace="shop", store=("SecretStore", "vault"))
            ),
            "ExternalSecret 'database': data: nothing is fetched; give data or data_from",
        ),
        (
            lambda: ExternalSecret(
                "database",
                ExternalSecretArgs(
                    namespace="shop", store=("Store", "vault"), data={"password": PASSWORD}
                ),
            ),
            "ExternalSecret 'database': store: 'Store' is neither SecretStore nor Cluster",
        ),
        (
            lambda: ExternalSecret(
                "database",
                ExternalSecretArgs(
                    namespace="shop", store=("SecretStore", "vault"), data={"a b": PASSWORD}
                ),
            ),
            "ExternalSecret 'database': data: 'a b' is no key that a Secret can have",
        ),
        (
            lambda: ClusterSecretStore(
                "vault", StoreArgs(provider=VaultProvider(server="https://vault", token=TOKEN))
            ),
            "provider: login: a ClusterSecretStore has no namespace; say namespace=",
        ),
        (
            lambda: ClusterSecretStore(
                "other",
                StoreArgs(
                    provider=KubernetesProvider(remote_namespace="vault", service_account="reader")
                ),
            ),
            "provider: kube-root-ca.crt: a ClusterSecretStore has no namespace; say namespace=",
        ),
        (
            lambda: SecretStore(
                "vault",
                StoreArgs(
                    namespace="shop",
                    provider=VaultProvider(
                        server="https://vault", role="shop", service_account=ACCOUNT
                    ),
                ),
            ),
            "provider: reader: a SecretStore reads only its own namespace; leave namespace= out",
        ),
    ],
)
def test_what_the_operator_would_refuse(
    refused: Callable[..., str], make: Callable[[], object], said: str
) -> None:
    assert said in refused(make)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: VaultProvider(server="vault", role="x"), "VaultProvider: server: 'vault' is no"),
        (lambda: VaultProvider(server="https://v"), "VaultProvider: give one of role, token and"),
        (
            lambda: VaultProvider(server="https://v", token=TOKEN, service_account=ACCOUNT),
            "VaultProvider: role is required with service_account",
        ),
        (
            lambda: KubernetesProvider(remote_namespace="vault"),
            "KubernetesProvider: give one of service_account and token",
        ),
        (RemoteSearch, "RemoteSearch: give name, tags or both"),
        (lambda: RemoteKey(key=""), "RemoteKey: key is required"),
        (lambda: AWSProvider(region=""), "AWSProvider: region is required"),
        (
            lambda: AWSProvider(region="eu", access_key_id=TOKEN),
            "AWSProvider: give access_key_id and secret_access_key together",
        ),
        (
            lambda: KubernetesProvider(remote_namespace="A B", service_account="reader"),
            "KubernetesProvider: remote_namespace: 'A B' is not lower-case",
        ),
        (lambda: OtherProvider(name=""), "OtherProvider: name is required"),
    ],
)
def test_a_provider_that_cannot_be(make: Callable[[], object], said: str) -> None:
    with pytest.raises(DeclarationError) as refused:
        make()

    assert str(refused.value).startswith(said)
