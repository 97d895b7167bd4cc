"""`[backend.azureml-v2]`: what it may say, checked without the SDK."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from concrete_cli import destinations
from concrete_cli.errors import ExperimentInvalid, Problem, nearest
from concrete_cli.plan import Output, Plan, Step

AUTH = ("cli", "service_principal", "managed_identity", "interactive")
KINDS = ("amlcompute", "instance", "serverless", "kubernetes", "spark")
ELSEWHERE = ("remote_vm", "databricks", "hdinsight")
CLOUDS = ("AzureCloud", "AzureChinaCloud", "AzureUSGovernment")
ENDPOINTS = (
    "name",
    "azure_portal",
    "resource_manager",
    "active_directory",
    "aml_resource_id",
    "storage_endpoint",
    "registry_discovery_endpoint",
)


@dataclass(frozen=True)
class Compute:
    """`[backend.azureml-v2.compute.NAME]`: `target` is its name in the workspace."""

    name: str
    kind: str = "amlcompute"
    target: str = ""
    instance_type: str = ""
    instance_count: int = 1

    @property
    def address(self) -> str:
        """What the SDK wants to hear."""
        return "serverless" if self.kind == "serverless" else self.target or self.name


@dataclass(frozen=True)
class Settings:
    """Where plans run and as whom; secrets are never here, only in the environment.

    `config` is a config.json or its folder, looked for as the SDK does when subscription,
    resource_group and workspace are not all given. `environment` is an image where it holds a
    slash, `azureml:...` or `NAME:VERSION` for a registered one, and is built from the versions
    installed here, on top of `image`, when nothing is said. `parameters` are parameters of steps,
    `NAME` or `STEP.NAME`, that a call of a published plan may change. `destinations` maps globs
    of `STEP` or `STEP.OUTPUT` to `DATASTORE/path/{run}/{output}`. `tries` are those of a request
    that Azure turns down for the moment.
    """

    subscription: str = ""
    resource_group: str = ""
    workspace: str = ""
    tenant: str = ""
    config: str = ""
    auth: str = "cli"
    experiment: str = "concrete"
    environment: str = ""
    image: str = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:latest"
    datastore: str = ""
    default_compute: str = "serverless"
    tries: int = 4
    compute: Mapping[str, Compute] = field(default_factory=dict)
    cloud: str | Mapping[str, str] = ""
    parameters: tuple[str, ...] = ()
    destinations: Mapping[str, str] = field(default_factory=dict)

    def compute_of(self, step: Step | None = None) -> Compute:
        """Return where a step runs; a name that is not in the table is one in the workspace."""
        name = (step.compute if step else "") or self.default_compute
        kind = "serverless" if name == "serverless" else "amlcompute"
        return self.compute.get(name) or Compute(name, kind)

    def destination(self, output: Output) -> tuple[str, str]:
        """Return the datastore and the path pattern of an output; both empty: Azure chooses."""
        store, _, path = destinations.find(self.destinations, output).partition("/")
        return store, path

    def opened(self, step: Step) -> dict[str, str]:
        """Return which parameters of a step a call may change, and what a call calls them."""
        found = {name: name for name in step.params if name in self.parameters}
        own = {
            name: f"{step.name}_{name}"
            for name in step.params
            if f"{step.name}.{name}" in self.parameters
        }
        return found | own

    def opens(self, step: Step, parameter: str) -> bool:
        """Tell whether a call may change a parameter of a step."""
        return parameter in self.opened(step)


def read(given: Mapping[str, Any]) -> Settings:
    """Return checked settings; raise ExperimentInvalid with every problem in them."""
    if found := list(problems(given)):
        raise ExperimentInvalid(
            Problem(f"[backend.azureml-v2] {key}: {text}") for key, text in found
        )
    known = {**given, "parameters": tuple(given.get("parameters", ()))}
    tables = given.get("compute", {})
    known["compute"] = {name: Compute(name, **table) for name, table in tables.items()}
    return Settings(**known)


def problems(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong in the table, with the dotted key that it is about."""
    yield from _problems_of_values(given)
    if (auth := given.get("auth", "cli")) not in AUTH:
        yield "auth", f"{auth!r} is none of {', '.join(AUTH)}"
    computes = given.get("compute", {})
    if isinstance(computes, Mapping):
        for name, table in computes.items():
            yield from _problems_of_compute(f"compute.{name}", table)
    else:
        yield "compute", 'a table of tables was expected; default_compute = "NAME" is the other one'
    yield from destinations.problems(given.get("destinations", {}))
    cloud = given.get("cloud", "")
    if isinstance(cloud, Mapping):
        yield from (("cloud", f"{name} is missing") for name in ENDPOINTS if name not in cloud)
    elif cloud and cloud not in CLOUDS:
        yield "cloud", f"{cloud!r} is none of {', '.join(CLOUDS)}"


def problems_of_plan(plan: Plan, settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield what in a plan this backend cannot run, with the dotted key that it is about."""
    for step in plan.steps:
        compute = settings.compute_of(step)
        if compute.kind == "spark" and (step.retries or step.timeout):
            yield (
                f"compute.{compute.name}.kind",
                f"step {step.name}: no retries or timeout on Spark",
            )
        for name in step.after:
            if not plan.step(name).outputs:
                text = f"step {step.name} comes after {name}, which has no output to wait for"
                yield f"steps.{step.name}.after", text
        for name, value in step.params.items():
            if "${{" in str(value) or "$[[" in str(value):
                yield "parameters", f"step {step.name}: {name} is an expression of Azure: {value!r}"
    yield from (("parameters", text) for text in _problems_of_parameters(plan, settings))


def _problems_of_parameters(plan: Plan, settings: Settings) -> Iterator[str]:
    names = {key for step in plan.steps for key in step.params}
    names |= {f"{step.name}.{key}" for step in plan.steps for key in step.params}
    for wanted in settings.parameters:
        if wanted not in names:
            hint = nearest(wanted, names) or f"there are: {', '.join(sorted(names))}"
            yield f"no step has a parameter {wanted!r}; {hint}"
        values = {repr(step.params[wanted]) for step in plan.steps if wanted in step.params}
        if len(values) > 1:
            yield f"{wanted!r} is not the same in every step; name one: STEP.{wanted}"


def _problems_of_values(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    known = {entry.name: entry.type for entry in fields(Settings)}
    for key, value in given.items():
        if key not in known:
            yield key, f"there is no such setting; {nearest(key, known) or ', '.join(known)}"
        elif known[key] == "str" and not isinstance(value, str):
            yield key, f"text was expected, not {value!r}"
        elif known[key] == "int" and not _number(value, 0):
            yield key, f"a number from 0 was expected, not {value!r}"
    names = given.get("parameters", [])
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        yield "parameters", "a list of names was expected"


def _problems_of_compute(key: str, table: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(table, Mapping):
        yield key, 'a table was expected: kind = "amlcompute"'
        return
    known = {entry.name: entry.type for entry in fields(Compute) if entry.name != "name"}
    for name, value in table.items():
        if name not in known:
            hint = nearest(name, known) or ", ".join(known)
            yield f"{key}.{name}", f"there is no such setting; {hint}"
        elif known[name] == "int" and not _number(value, 1):
            yield f"{key}.{name}", f"a number from 1 was expected, not {value!r}"
        elif known[name] == "str" and name != "kind" and not isinstance(value, str):
            yield f"{key}.{name}", f"text was expected, not {value!r}"
    kind = table.get("kind", "amlcompute")
    if kind in ELSEWHERE:
        yield f"{key}.kind", f"{kind!r} exists only on --backend azureml (SDK v1)"
    elif kind not in KINDS:
        yield f"{key}.kind", f"{kind!r} is none of {', '.join(KINDS)}"


def _number(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least
