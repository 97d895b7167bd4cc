"""Published plans: a batch endpoint whose deployment is the pipeline, called by REST."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from concrete_cli.errors import NotFound, UsageError
from concrete_cli.plan import Plan

from .. import curl
from ..shapes import Published
from .client import Client
from .compile import Compiled
from .endpoints import NAME, RULE
from .prepare import prepare
from .sdk import Input, entities

DEPLOYMENT = "pipeline"
SIGN = "az account get-access-token --resource https://ml.azure.com --query accessToken -o tsv"


def publish(client: Client, plan: Plan, folder: Path, name: str) -> Published:
    """Upload a plan so that it can be started without this machine."""
    if not NAME.fullmatch(name):
        raise UsageError(f"an address cannot be called {name!r} there", help=f"--name NAME: {RULE}")
    compiled = prepare(client, plan, folder)
    parameters = _parameters(client, compiled)
    endpoint = entities.BatchEndpoint(name=name)
    deployment = entities.PipelineComponentBatchDeployment(
        name=DEPLOYMENT,
        endpoint_name=name,
        component=compiled.pipeline.component,
        settings={
            "default_compute": client.settings.compute_of().address,
            "continue_on_step_failure": True,
        },
    )
    client.call(
        f"create the endpoint {name}",
        lambda ml: ml.batch_endpoints.begin_create_or_update(endpoint),
    )
    client.call(
        f"publish {name}", lambda ml: ml.batch_deployments.begin_create_or_update(deployment)
    )
    made = client.call(f"publish {name}", lambda ml: _make_default(ml, name))
    if not made.scoring_uri:
        raise NotFound("address", name)
    url = str(made.scoring_uri)
    line = curl.post(url, _body(parameters), token=SIGN)
    return Published(str(made.id or name), name, url, parameters, line)


def call(client: Client, name: str, parameters: dict[str, str]) -> str:
    """Start a published plan with other parameters; return the handle of the run."""
    given = {
        key: Input(type="uri_file", path=value)
        if "://" in value
        else Input(type="string", default=value)
        for key, value in parameters.items()
    }
    answer = client.call(
        f"call {name}", lambda ml: ml.batch_endpoints.invoke(endpoint_name=name, inputs=given)
    )
    return str(answer.name)


def withdraw(client: Client, name: str) -> None:
    """Remove a published plan, so that its address starts nothing any more."""

    def remove(ml: Any) -> Any:
        ml.batch_endpoints.get(name)  # what is not there can be deleted as well
        return ml.batch_endpoints.begin_delete(name=name)

    client.call(f"withdraw {name}", remove)


def _body(parameters: dict[str, str]) -> dict[str, Any]:
    data = {
        name: {"JobInputType": "UriFile", "Uri": value}
        if "://" in value
        else {"JobInputType": "Literal", "Value": value}
        for name, value in parameters.items()
    }
    return {"properties": {"InputData": data}}


def _make_default(ml: Any, name: str) -> Any:
    endpoint = ml.batch_endpoints.get(name)
    endpoint.defaults = {"deployment_name": DEPLOYMENT}
    ml.batch_endpoints.begin_create_or_update(endpoint).result()
    return ml.batch_endpoints.get(name)


def _parameters(client: Client, compiled: Compiled) -> dict[str, str]:
    """Return what a call has to say, with files from here uploaded."""
    found: dict[str, str] = {}
    for name, value in compiled.pipeline.inputs.items():
        given = value._data  # noqa: SLF001  the SDK's wrapper shows it to nobody else
        found[name] = str(given.path) if isinstance(given, Input) else str(given)
    for name, path in compiled.sources.items():
        found[name] = _upload(client, name, path)
    return found


def _upload(client: Client, name: str, path: Path) -> str:
    """Keep a file of this machine in the workspace; return its address."""
    kind = "uri_folder" if path.is_dir() else "uri_file"
    asset = entities.Data(name=f"concrete-{name}".replace("_", "-"), path=str(path), type=kind)
    stored = client.call(f"upload {path.name}", lambda ml: ml.data.create_or_update(asset))
    return str(stored.path)
