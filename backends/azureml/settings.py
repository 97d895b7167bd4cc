"""`[backend.azureml]`: which workspace, who logs in, and where things go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from concrete_cli import destinations
from concrete_cli.errors import ExperimentInvalid, Problem, nearest
from concrete_cli.plan import Output

from .compute import Compute

AUTH = ("cli", "service_principal", "managed_identity", "interactive")
DESTINATION = "concrete/{run}/{output}"
TEXTS = (
    "subscription", "resource_group", "workspace", "tenant", "auth", "experiment", "environment",
    "datastore", "default_compute",
)  # fmt: skip


@dataclass(frozen=True)
class Settings:
    """What the experiment says about Azure ML; secrets are never here, only in the environment.

    Without `subscription`, `resource_group` and `workspace` the SDK looks for a config.json.
    `environment` is an image where it holds a slash, the name of a registered or curated
    environment (`NAME`, `NAME:VERSION`) elsewhere, and is built from the versions that are
    installed here when nothing is said. `parameters` are names of parameters, `NAME` or
    `STEP.NAME`, that may be given when a run is started. `destinations` say for which outputs
    (`STEP` or `STEP.OUTPUT`, * matches) `DATASTORE/path/{run}/{output}` is the place.
    """

    subscription: str = ""
    resource_group: str = ""
    workspace: str = ""
    tenant: str = ""
    auth: str = "cli"
    experiment: str = ""
    environment: str = ""
    datastore: str = ""
    default_compute: str = ""
    parameters: tuple[str, ...] = ()
    destinations: Mapping[str, str] = field(default_factory=dict)
    compute: Mapping[str, Compute] = field(default_factory=dict)

    @property
    def named(self) -> bool:
        """Whether the workspace is named here, not in a config.json."""
        return bool(self.subscription and self.resource_group and self.workspace)

    def compute_of(self, name: str) -> Compute:
        """Return the compute called `name`; one that nothing is said about is a cluster."""
        return self.compute.get(name) or Compute(name)

    def destination(self, output: Output) -> tuple[str, str]:
        """Return the datastore ('' is the default one) and the path pattern of an output."""
        place = destinations.find(self.destinations, output)
        store, _, path = place.partition("/")
        return (store, path) if place else (self.datastore, DESTINATION)


def read(given: Mapping[str, Any]) -> Settings:
    """Check the table and return it as settings; every problem is told at once."""
    found = list(problems(given))
    if found:
        raise ExperimentInvalid(Problem(f"[backend.azureml] {key}: {text}") for key, text in found)
    facts = {name: given[name] for name in TEXTS if name in given}
    compute = {
        name: Compute(name, table.get("kind", "amlcompute"), _options(table))
        for name, table in given.get("compute", {}).items()
    }
    return Settings(
        **facts,
        parameters=tuple(given.get("parameters", ())),
        destinations=dict(given.get("destinations", {})),
        compute=compute,
    )


def problems(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong in the table, with the dotted key that it is about."""
    known = (*TEXTS, "parameters", "destinations", "compute")
    for key, value in given.items():
        if key not in known:
            yield key, f"there is no such setting; {nearest(key, known) or ', '.join(known)}"
        elif key in TEXTS and not isinstance(value, str):
            yield key, f"expected a text, got {value!r}"
    if given.get("auth", "cli") not in AUTH:
        yield "auth", f"expected one of {', '.join(AUTH)}, got {given['auth']!r}"
    parts = ("subscription", "resource_group", "workspace")
    missing = [name for name in parts if not given.get(name)]
    if missing and len(missing) < len(parts):
        yield missing[0], f"is missing; {', '.join(parts)} go together"
    names = given.get("parameters", [])
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        yield "parameters", "expected a list of names"
    yield from destinations.problems(given.get("destinations", {}))
    yield from _of_compute(given.get("compute", {}))


def _of_compute(given: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(given, Mapping):
        yield "compute", "expected tables: [backend.azureml.compute.NAME]; see default_compute"
        return
    for name, table in given.items():
        if not isinstance(table, Mapping):
            yield f"compute.{name}", 'expected a table: kind = "amlcompute"'
            continue
        for key, text in Compute(name, table.get("kind", "amlcompute"), _options(table)).problems():
            yield f"compute.{name}.{key}", text


def _options(table: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in table.items() if name != "kind"}
