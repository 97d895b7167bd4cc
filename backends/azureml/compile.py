"""From a plan to the SDK's pipeline. Pure: asks no service anything, writes only the snapshots.

What the names in a plan stand for is told by a `Place`: the pipeline is the same on and off line.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from azureml.core import Environment
from azureml.data import OutputFileDatasetConfig
from azureml.pipeline.core import Pipeline, PipelineParameter
from azureml.pipeline.steps import PythonScriptStep

from concrete_cli import destinations, digest
from concrete_cli.backend import Options
from concrete_cli.errors import UsageError
from concrete_cli.plan import Item, Output, Plan, Source, Step, flag

from . import databricks, environment, pins, snapshot
from .compute import Compute
from .parameters import Parameters
from .place import Place
from .settings import Settings


def compile_plan(
    plan: Plan, settings: Settings, place: Place, folder: Path, options: Options | None = None
) -> Any:
    """Return the `Pipeline`; what it uploads is put together under `folder`."""
    work = _Compilation(plan, settings, place, folder, options or Options())
    made = {step.name: work.step(step) for step in plan.steps}
    for step in plan.steps:
        for name in step.after:
            made[step.name].run_after(made[name])
    return Pipeline(
        place.workspace,
        steps=list(made.values()),
        description=plan.name,
        default_datastore=place.datastore(settings.datastore),
        resolve_closure=False,
        _workflow_provider=place.provider,
    )


def output_name(output: Output) -> str:
    """Return what an output is called in Azure, where all of a run must differ."""
    return f"{output.step}__{output.name}"


class _Compilation:
    def __init__(
        self, plan: Plan, settings: Settings, place: Place, folder: Path, options: Options
    ) -> None:
        self.plan, self.settings, self.place = plan, settings, place
        self.folder, self.options = folder, options
        self.configs: dict[tuple[str, float, int], tuple[Any, str]] = {}
        self.pins = [] if settings.environment else pins.lock(plan.steps)
        self.parameters = Parameters(settings.parameters, plan)
        self.made = {name: PipelineParameter(name, text) for name, text in self.parameters.defaults}
        self.spark = databricks.data_of(plan, settings)
        every = [output for step in plan.steps for output in step.outputs]
        _check_names(every)
        self.outputs = {str(output): self._output(output) for output in every}

    def step(self, step: Step) -> Any:
        compute = self.settings.compute_of(step.compute or self.settings.default_compute)
        if not compute.name:
            raise UsageError(
                f"step {step.name} has no compute",
                help="set default_compute in [backend.azureml], or compute in [steps.GLOB]",
            )
        extra = databricks.EXTRA if compute.kind == "databricks" else {}
        staged = snapshot.stage(step, self.folder, extra)
        config, environment_digest = self._configuration(step, compute)
        reuse = step.reuse and self.options.reuse and step.name not in self.options.force
        if compute.kind == "databricks":
            return databricks.step(step, compute, staged, self.outputs, self.place, reuse=reuse)
        script = Path(step.script).name
        arguments = self._arguments(step)
        if step.retries:
            outputs = ",".join(flag(output.name) for output in step.outputs)
            arguments = [str(step.retries), outputs, script, *arguments]
            script = snapshot.LAUNCHER
        return PythonScriptStep(
            script_name=script,
            name=step.name,
            arguments=arguments,
            inputs=[port for port in arguments if databricks.is_port(port, self.outputs, step)],
            outputs=[self.outputs[str(output)] for output in step.outputs
                     if str(output) in self.spark],
            compute_target=(compute.name, compute.type),
            runconfig=config,
            source_directory=str(staged.folder),
            allow_reuse=reuse,
            version=digest.of_json([script, environment_digest])[:16],
        )  # fmt: skip

    def _configuration(self, step: Step, compute: Compute) -> tuple[Any, str]:
        """Return how a step is run, and the digest of its environment.

        The SDK's own fingerprint of a step forgets the environment and the name of the script;
        both go into the step's version, so that the service does not reuse too much.
        """
        key = (compute.name, step.timeout, step.cpus)
        if key not in self.configs:
            gpu = bool(compute.options.get("gpu"))
            found = environment.environment(
                self.settings.environment, self.pins, self.place.environment, gpu=gpu
            )
            variables = {"OMP_NUM_THREADS": str(step.cpus)} if step.cpus > 1 else {}
            config = environment.configuration(compute, found, step.timeout, variables)
            content = Environment._serialize_to_dict(found)  # noqa: SLF001  what is posted
            self.configs[key] = config, digest.of_json(content)
        return self.configs[key]

    def _arguments(self, step: Step) -> list[Any]:
        names = iter(step.items())  # in the order in which the inputs are placed

        def put(item: Item) -> Any:
            if isinstance(item, Output) and item.step == step.name:
                return self.outputs[str(item)]
            name, _ = next(names)
            if isinstance(item, Source):
                return self.place.dataset(item).as_named_input(name).as_mount()
            made = self.outputs[str(item)]
            return made if str(item) in self.spark else made.as_input(name)

        open_to = self.parameters.of(step)
        kept = {name: value for name, value in step.params.items() if name not in open_to}
        given = [word for name, made in open_to.items() for word in (flag(name), self.made[made])]
        return [*given, *replace(step, params=kept).argv(put)]

    def _output(self, output: Output) -> Any:
        store, pattern = self.settings.destination(output)
        if str(output) in self.spark:
            return databricks.output(output, self.place.datastore(store))
        path = destinations.filled(pattern, "{run-id}", output.step, "{output-name}")
        made = OutputFileDatasetConfig(
            output_name(output), destination=(self.place.datastore(store), path)
        )
        mounted = output.mode == "mount"
        made = made.as_mount() if mounted else made.as_upload(overwrite=True)
        for name, published in self.plan.publishes.items():
            if published == output:
                made = made.register_on_complete(name)
        return made


def _check_names(outputs: list[Output]) -> None:
    seen: dict[str, Output] = {}
    for output in outputs:
        twin = seen.setdefault(output_name(output), output)
        if twin != output:
            raise UsageError(f"{twin} and {output} would be one name in Azure", help="rename one")
