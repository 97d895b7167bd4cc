"""From a registered model to an endpoint: choose, hand the bundle to the backend, look at it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from concrete_cli import home, hosts
from concrete_cli.backend import Backend
from concrete_cli.cloud.endpoints import FLAGS, CloudEndpoints
from concrete_cli.commands import wanted
from concrete_cli.errors import BackendUnavailable, NotFound, UsageError
from concrete_cli.execute import Prepared, Request
from concrete_cli.registry.models import Models
from concrete_cli.runs import Run
from concrete_cli.workflows.deploy import BUNDLE, Chosen
from concrete_cli.workspace import Workspace

if TYPE_CHECKING:
    from concrete_cli.config import Experiment


def choose(
    request: Request, experiment: Experiment, space: Workspace, backend: Backend
) -> dict[str, Chosen]:
    """Return the argument of workflows.deploy: the model that is asked for (see `wanted`)."""
    endpoints(backend)
    model = wanted.find(request, experiment, space, backend, "be deployed")
    return {"chosen": Chosen(model.name, model.source, model.libraries, model.complete)}


def endpoints(backend: Backend) -> Any:
    """Return the endpoints of a backend."""
    found = getattr(backend, "endpoints", None)
    if found is None:
        raise BackendUnavailable(f"backend {backend.name} cannot serve models")
    return found if hasattr(found, "show") else CloudEndpoints(backend)


def name_of(prepared: Prepared, name: str, settings: Mapping[str, Any]) -> str:
    """Return what the endpoint is called: like its model, unless somebody says otherwise.

    Raises what is known to be in the way, before anything is run.
    """
    model = str(prepared.plan.step("bundle").params["name"])
    named = name or model.partition(":")[0]
    check = getattr(endpoints(prepared.backend), "check", None)
    if check:
        check(named, settings)
    return named


def settings(prepared: Prepared, typed: Mapping[str, Any]) -> dict[str, Any]:
    """Return how to serve: what was typed, else what `[deploy]` says; a cloud has ways of its own.

    `typed` holds None for what was left out.
    """
    given = {name: value for name, value in typed.items() if value is not None}
    checks = {"hosts": lambda names: [hosts.a_host(one) for one in names],
              "root_path": hosts.a_root_path}  # fmt: skip
    for name in checks.keys() & given.keys():
        try:
            given[name] = checks[name](given[name])
        except ValueError as error:
            raise UsageError(f"{FLAGS[name]} {given[name]}: {error}") from None
    if isinstance(endpoints(prepared.backend), CloudEndpoints):
        return given
    return prepared.experiment.deploy.model_dump(exclude_unset=True) | given


def options(backend: Backend, said: Iterable[str]) -> dict[str, Any]:
    """Return what `--with KEY=VALUE` says to a cloud; numbers and true or false are no text."""
    found: dict[str, Any] = {}
    for text in said:
        key, equals, value = text.partition("=")
        if not (key and equals):
            raise UsageError(f"--with {text!r}", help="--with KEY=VALUE")
        try:
            found[key] = json.loads(value)
        except ValueError:
            found[key] = value
    if found and not isinstance(endpoints(backend), CloudEndpoints):
        raise UsageError("--with is for a cloud", help="--backend azureml or azureml-v2")
    return found


def serve(prepared: Prepared, run: Run, name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Hand the bundle that a run has packed and tried to the backend; return the endpoint."""
    backend, place = prepared.backend, prepared.workspace.home
    with (
        home.in_use(place),
        tempfile.TemporaryDirectory(prefix="deploy-", dir=place / "tmp") as folder,
    ):
        bundle = Path(folder) / "bundle"
        backend.fetch(run.record.get("handle", run.id), BUNDLE, bundle)
        found: dict[str, Any] = endpoints(backend).deploy(bundle, name, settings)
    return found


def with_model(found: dict[str, Any], space: Workspace) -> dict[str, Any]:
    """Add to an endpoint whether its model is still registered: it serves a copy of its own."""
    if found.get("backend"):  # elsewhere: what is registered here says nothing
        return found
    try:
        Models(space.home).find(found["model"])
    except (NotFound, UsageError):
        return found | {"registered": False}
    return found | {"registered": True}
