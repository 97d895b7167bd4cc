"""Data from outside a plan, as inputs of a pipeline: looked up, or uploaded once by the SDK."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from concrete_cli.errors import NotFound, UsageError
from concrete_cli.plan import Plan, Source
from concrete_cli.runs import Runs

from .client import Client
from .sdk import Input


def resolve(plan: Plan, client: Client) -> dict[Source, Any]:
    """Return an input for every source of the plan that is not a plain path."""
    found: dict[Source, Any] = {}
    for step in plan.steps:
        for _, item in step.items():  # noqa: PERF102  not a dict
            if isinstance(item, Source) and item not in found:
                found |= _one(item, client)
    return found


def _one(source: Source, client: Client) -> dict[Source, Any]:
    kind, _, rest = source.uri.partition(":")
    if kind == "run":
        return {source: Input(type="uri_folder", path=_of_run(rest, client))}
    if kind == "model":
        return {source: Input(type="custom_model", path=_of_model(source.uri, client))}
    if kind == "azureml":
        return {source: _of_azure(source.uri, client)}
    if not Path(source.uri).exists():
        hint = "[data] source is relative to the experiment"
        raise NotFound("file", source.uri, help=hint)
    return {}


def _of_run(text: str, client: Client) -> str:
    """Return where the output `RUN/step.output` of a run in the cloud lives."""
    from .outputs import find

    name, _, output = text.partition("/")
    step, _, output = output.partition(".")
    return find(client, handle_of(name, client.home), step, output)


def handle_of(name: str, home: Path) -> str:
    """Return the handle of a run that a person names; any other word is a handle itself."""
    try:
        record = Runs(home).find(name).record
    except (NotFound, UsageError):
        return name
    if record.get("backend", "azureml-v2") != "azureml-v2":
        hint = "run the earlier experiment with --backend azureml-v2 as well"
        raise UsageError(f"run {name} is on {record['backend']}, not on azureml-v2", help=hint)
    return str(record.get("handle") or name)


def _of_model(uri: str, client: Client) -> str:
    from .models import Models

    found = Models(client).find(uri)
    return f"azureml:{found.name}:{found.version}"


def _of_azure(uri: str, client: Client) -> Any:
    """Return an input for `azureml://...` as it is, for `azureml:NAME:VERSION` with its type."""
    if uri.startswith("azureml://"):
        kind = "uri_file" if Path(uri).suffix else "uri_folder"
        return Input(type=kind, path=uri)
    _, name, version = uri.split(":", 2)
    latest = {"label": "latest"} if version in ("", "latest") else {"version": version}
    asset = client.call(f"find the data {name}", lambda ml: ml.data.get(name, **latest))
    return Input(type=str(asset.type), path=f"azureml:{name}:{asset.version}")
