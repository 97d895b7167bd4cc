"""A workspace that is not there: what `--dry-run` and the golden files compile against.

The SDK has a service of its own for dry runs; only the question where the services are must be
answered for it, and the data sets of the sources get the ids that a service would have given.
"""

from __future__ import annotations

import base64
import contextlib
import json
import time
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

from azureml.core import Dataset, Workspace
from azureml.core.authentication import AbstractAuthentication
from azureml.data._dataset import _DatasetRegistration
from azureml.data.azure_storage_datastore import AzureBlobDatastore
from azureml.pipeline.core._aeva_provider import _AevaWorkflowProvider
from azureml.pipeline.core._restclients.aeva.dryrun_service_caller import DryRunServiceCaller

from concrete_cli.plan import Source

from . import environment, sources
from .place import Place
from .settings import Settings

NOBODY = "00000000-0000-0000-0000-000000000000"
NOWHERE = "http://127.0.0.1:9"
STORE = "workspaceblobstore"


class Nobody(AbstractAuthentication):  # type: ignore[misc]  # the SDK has no types
    """Logs nobody in; the token is well-formed and worth nothing."""

    def __init__(self) -> None:
        super().__init__("AzureCloud")

    def _get_arm_token(self) -> str:
        claims = {"exp": int(time.time()) + 86_400, "tid": NOBODY, "oid": NOBODY, "upn": "nobody"}
        parts = ({"alg": "none", "typ": "JWT"}, claims)
        return ".".join([*(_encode(part) for part in parts), "none"])

    _get_graph_token = _get_azureml_client_token = _get_arm_token

    def _get_all_subscription_ids(self) -> tuple[list[Any], str]:
        return [], NOBODY


class Uploader:
    """Takes note of the folders that would be uploaded."""

    def __init__(self) -> None:
        self.folders: list[str] = []

    def upload(self, directory: str) -> str:
        """Return the name of a snapshot that was never made."""
        if directory not in self.folders:
            self.folders.append(directory)
        return f"snapshot-{self.folders.index(directory) + 1}"


def place(settings: Settings) -> Place:
    """Return a place to compile for without a network."""
    workspace = Workspace(
        settings.subscription or NOBODY,
        settings.resource_group or "resource_group",
        settings.workspace or "workspace",
        auth=Nobody(),
        _location="nowhere",
        _disable_service_check=True,
        _workspace_id=NOBODY,
    )
    workspace._discovery_url_internal = f"{NOWHERE}/discovery"  # noqa: SLF001  spares a request
    stores: dict[str, Any] = {}

    def datastore(name: str) -> Any:
        name = name or STORE
        if name not in stores:
            stores[name] = AzureBlobDatastore(
                workspace, name, "container", "account", account_key="bm9uZQ==",
                protocol="https", endpoint="core.windows.net",
            )  # fmt: skip
        return stores[name]

    def dataset(source: Source) -> Any:
        known = sources.known(source)
        path = known.path if known else f"{{{source.uri}}}"
        made = Dataset.File.from_files((datastore(settings.datastore), path), validate=False)
        name = known.name if known else source.uri.partition(":")[2].partition(":")[0]
        made._registration = _DatasetRegistration(  # noqa: SLF001  as the service would
            workspace=workspace, saved_id=name, registered_id=name, name=name, version=1
        )
        return made

    def locate(source: Source) -> tuple[str, str]:
        if match := sources.DATASTORE.fullmatch(source.uri):
            return match["store"], match["path"]
        known = sources.known(source)
        return settings.datastore, known.path if known else f"{{{source.uri}}}"

    provider = _AevaWorkflowProvider(DryRunServiceCaller(), Uploader(), workspace)
    return Place(workspace, datastore, dataset, environment.named, locate, provider)


@contextlib.contextmanager
def nowhere() -> Iterator[None]:
    """Spare the SDK the question where the services are, and what it traces for telemetry.

    Telemetry is off, but each call would still read the source of all that called it: 0.2 s.
    """
    service = "azureml._restclient.service_context.get_service_url"
    trace = "azureml.dataprep.api._loggerfactory._LoggerFactory.get_stack"
    with patch(service, lambda *_args, **_options: NOWHERE), patch(trace, str):
        yield


def _encode(data: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=").decode()
