"""A plan becomes a pipeline: pure, offline, the same every time."""

from __future__ import annotations

import math
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from concrete_cli import code, digest
from concrete_cli.backend import Options
from concrete_cli.errors import ExperimentInvalid, Problem
from concrete_cli.plan import Plan, Source, Step

from . import attempt
from .bindings import Bindings
from .commandline import HELPER, command, needs_helper
from .environment import environment
from .sdk import entities, silence
from .settings import Compute, Settings, problems_of_plan

SPARE = 60  # seconds


@dataclass(frozen=True)
class Compiled:
    """A pipeline that is ready to be sent.

    `code` maps steps to the staged folder that travels, `sources` pipeline inputs to local files.
    """

    pipeline: Any
    code: Mapping[str, Path]
    sources: Mapping[str, Path] = field(default_factory=dict)


def compile_plan(
    plan: Plan,
    settings: Settings,
    staging: Path,
    *,
    name: str | None = None,
    options: Options | None = None,
    data: Mapping[Source, Any] | None = None,
    shared: str = "",
) -> Compiled:
    """Return the pipeline of a plan; scripts are staged below `staging`, an empty folder.

    What only a client can know: `data` holds inputs for sources in the workspace, `shared` names
    the environment of the steps where it is registered there.
    """
    if found := list(problems_of_plan(plan, settings)):
        raise ExperimentInvalid(
            Problem(f"[backend.azureml-v2] {key}: {text}") for key, text in found
        )
    options = options or Options()
    bindings = Bindings(plan, settings, data or {})
    with silence():
        software = shared or environment(plan, settings)
        staged = {step.name: _stage(step, staging) for step in plan.steps}
        make = _Maker(settings, bindings, software, staged, options)
        pipeline = entities.PipelineJob(
            name=name,
            display_name=plan.name,
            experiment_name=settings.experiment,
            jobs={step.name: make.step(step) for step in plan.steps},
            inputs=bindings.pipeline_inputs(),
            outputs=bindings.pipeline_outputs(),
            settings=entities.PipelineJobSettings(
                default_compute=settings.compute_of().address,
                default_datastore=settings.datastore or None,
                continue_on_step_failure=True,
                force_rerun=not options.reuse,
            ),
            tags={"concrete": plan.name},
        )
    return Compiled(pipeline, staged, bindings.local())


@dataclass(frozen=True)
class _Maker:
    """Turns steps into the SDK's objects; all of them share the environment."""

    settings: Settings
    bindings: Bindings
    environment: Any
    staged: Mapping[str, Path]
    options: Options

    def step(self, step: Step) -> Any:
        compute = self.settings.compute_of(step)
        if compute.kind == "spark":
            return self._spark(step, compute)
        made = self._command(step)
        made.compute = compute.address
        if compute.instance_type or compute.instance_count > 1:
            made.resources = entities.JobResourceConfiguration(
                instance_type=compute.instance_type or None, instance_count=compute.instance_count
            )
        return made

    def _command(self, step: Step) -> Any:
        component = entities.CommandComponent(
            command=command(step, self.settings), **self._component(step)
        )
        made = entities.Command(component=component, **self._ends(step))
        if step.cpus > 1:
            made.environment_variables = {"OMP_NUM_THREADS": str(step.cpus)}
        if step.timeout:
            # the helper stops a try that takes too long; Azure is the last resort
            made.set_limits(timeout=math.ceil(step.timeout) * (step.retries + 1) + SPARE)
        return made

    def _spark(self, step: Step, compute: Compute) -> Any:
        """Return the step for an attached Spark pool (`target`), or for serverless Spark."""
        words = command(step, self.settings).split(" ", 2)
        component = entities.SparkComponent(
            entry={"file": words[1]},
            args=words[2] if len(words) > 2 else None,
            **self._component(step),
            **SPARK,
        )
        made = entities.Spark(component=component, **self._ends(step), **SPARK)
        if compute.target:
            made.compute = compute.target
        else:
            kind = compute.instance_type or "Standard_E4S_V3"
            made.resources = {"instance_type": kind, "runtime_version": "3.4.0"}
        return made

    def _component(self, step: Step) -> dict[str, Any]:
        return {
            "name": step.name,
            "display_name": step.name,
            "code": str(self.staged[step.name]),
            "environment": self.environment,
            "inputs": self.bindings.component_inputs(step),
            "outputs": self.bindings.component_outputs(step),
            "is_deterministic": step.reuse and step.name not in self.options.force,
        }

    def _ends(self, step: Step) -> dict[str, Any]:
        return {
            "display_name": step.name,
            "inputs": self.bindings.inputs(step),
            "outputs": self.bindings.outputs(step),
        }


# Azure has no defaults for these; one small driver and two executors are a beginning
SPARK = {
    "driver_cores": 1,
    "driver_memory": "2g",
    "executor_cores": 2,
    "executor_memory": "2g",
    "executor_instances": 2,
}


def files_of(step: Step) -> dict[str, Path]:
    """Return all that travels with a script, by its name in the folder."""
    files = code.made_of(step)
    return {**files, HELPER: Path(attempt.__file__)} if needs_helper(step) else files


def _stage(step: Step, staging: Path) -> Path:
    """Copy the import closure of a script; steps with the same closure share the folder."""
    files = files_of(step)
    content = {name: digest.of_path(path) for name, path in files.items()}
    folder = staging / f"{Path(step.script).stem}-{digest.of_json(content)[:12]}"
    if not folder.exists():
        code.stage(files, folder)
        for path in folder.rglob("__pycache__"):
            shutil.rmtree(path)
    return folder
