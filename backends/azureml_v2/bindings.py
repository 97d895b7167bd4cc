"""How the sources, parameters and outputs of a plan are named and bound inside a pipeline."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from concrete_cli import destinations
from concrete_cli.plan import Item, Output, Plan, Source, Step

from .commandline import parameter
from .sdk import Input
from .sdk import Output as AzureOutput
from .settings import Settings

MODES = {"upload": "upload", "mount": "rw_mount"}


@dataclass(frozen=True)
class Bindings:
    """Inputs and outputs of the pipeline of a plan, and of the steps in it.

    `data` holds inputs for sources that only a client can look up.
    """

    plan: Plan
    settings: Settings
    data: Mapping[Source, Any]

    @cached_property
    def sources(self) -> dict[Source, str]:
        """The pipeline input of each source, named after where it is used first."""
        names: dict[Source, str] = {}
        for step in self.plan.steps:
            for name, item in step.items():
                if isinstance(item, Source) and item not in names:
                    taken = {*names.values(), *self.parameters}
                    names[item] = name if name not in taken else f"{step.name}_{name}"
        return names

    @cached_property
    def parameters(self) -> dict[str, str]:
        """The pipeline inputs that a call may change, with the experiment's own values."""
        return {
            made: _text(step.params[name])
            for step in self.plan.steps
            for name, made in self.settings.opened(step).items()
        }

    def pipeline_inputs(self) -> dict[str, Any]:
        """Return what the pipeline is given."""
        found: dict[str, Any] = {
            name: self.data.get(source) or Input(type=_type(source), path=source.uri)
            for source, name in self.sources.items()
        }
        return {**found, **self.parameters}

    def pipeline_outputs(self) -> dict[str, Any]:
        """Return what Azure registers as models when the run has succeeded."""
        return {
            _published(output): AzureOutput(
                type="custom_model",
                mode=MODES[output.mode],
                name=model,
                path=self._destination(output) or None,
            )
            for model, output in self.plan.publishes.items()
        }

    def component_inputs(self, step: Step) -> dict[str, Any]:
        """Return the types of what a step reads."""
        found = {name: Input(type=self._type(item)) for name, item in step.items()}
        found |= {_after(name): Input(type="uri_folder") for name in step.after}
        opened = self.settings.opened(step)
        return found | {parameter(name): Input(type="string") for name in opened}

    def component_outputs(self, step: Step) -> dict[str, Any]:
        """Return the types and modes of what a step leaves."""
        return {
            output.name: AzureOutput(type="uri_folder", mode=MODES[output.mode])
            for output in step.outputs
        }

    def inputs(self, step: Step) -> dict[str, str]:
        """Return where a step's inputs come from."""
        found = {name: self._binding(item) for name, item in step.items()}
        # Azure knows no order but that of data: an input that the script never hears of
        for name in step.after:
            found[_after(name)] = self._binding(self.plan.step(name).outputs[0])
        opened = self.settings.opened(step).items()
        return found | {parameter(name): f"${{{{parent.inputs.{made}}}}}" for name, made in opened}

    def outputs(self, step: Step) -> dict[str, Any]:
        """Return where a step's outputs go, as far as that is not Azure's choice."""
        found: dict[str, Any] = {}
        for output in step.outputs:
            if output in self.plan.publishes.values():
                found[output.name] = f"${{{{parent.outputs.{_published(output)}}}}}"
            elif path := self._destination(output):
                mode = MODES[output.mode]
                found[output.name] = AzureOutput(type="uri_folder", mode=mode, path=path)
        return found

    def local(self) -> dict[str, Path]:
        """Return the pipeline inputs that are files or folders of this machine."""
        paths = {
            name: Path(str(self.data[source].path) if source in self.data else source.uri)
            for source, name in self.sources.items()
        }
        return {name: path for name, path in paths.items() if path.exists()}

    def _destination(self, output: Output) -> str:
        store, path = self.settings.destination(output)
        filled = destinations.filled(path, "${{name}}", output.step, output.name)
        return f"azureml://datastores/{store}/paths/{filled}" if store else ""

    def _binding(self, item: Item) -> str:
        if isinstance(item, Source):
            return f"${{{{parent.inputs.{self.sources[item]}}}}}"
        return f"${{{{parent.jobs.{item.step}.outputs.{item.name}}}}}"

    def _type(self, item: Item) -> str:
        if isinstance(item, Source) and item in self.data:
            return str(self.data[item].type)
        return _type(item)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _after(step: str) -> str:
    return f"after_{step}"


def _published(output: Output) -> str:
    return f"{output.step}_{output.name}"


def _type(item: Item) -> str:
    if isinstance(item, Output) or item.uri.startswith("run:") or item.uri.endswith("/"):
        return "uri_folder"
    if item.uri.startswith("model:"):
        return "custom_model"
    return "uri_folder" if Path(item.uri).is_dir() else "uri_file"
