"""The experiment: one frozen object for one TOML file."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, Field, PrivateAttr

from concrete_cli.config.data import Data
from concrete_cli.config.deploy import Deploy
from concrete_cli.config.fields import Table, Text, Title
from concrete_cli.config.finetune import Finetune
from concrete_cli.config.origin import Origin
from concrete_cli.config.pipeline import Pipeline
from concrete_cli.config.register import Register
from concrete_cli.config.step_settings import StepSettings
from concrete_cli.config.tracking import Tracking
from concrete_cli.config.train import Split, Train


class Header(Table):
    """`[experiment]`: what it is called."""

    name: Title = Field(description="The name that runs and models of this experiment carry.")
    seed: int = Field(
        0, ge=0, lt=2**32, description="Where all randomness comes from: split, folds, models."
    )


class Experiment(Table):
    """An experiment of concrete: data, split, candidates, and how steps are run."""

    model_config = ConfigDict(title="concrete experiment")

    experiment: Header
    data: Data = Field(default_factory=lambda: Data.model_construct(source="", target=""))
    features: dict[Text, Text] = Field(
        default_factory=dict,
        description='Derived columns: name = "expression over columns", such as "log1p(age)".',
    )
    split: Split = Field(default_factory=Split.model_construct)
    train: Train = Field(default_factory=lambda: Train.model_construct(candidates={}))
    finetune: Finetune = Field(default_factory=Finetune.model_construct)
    register_: Register | None = Field(
        None, alias="register", description="The model's name in the registry, and its gates."
    )
    deploy: Deploy = Field(default_factory=Deploy.model_construct)
    tracking: Tracking = Field(default_factory=Tracking.model_construct)
    pipeline: Pipeline | None = Field(None, description="Steps of your own: `concrete run`.")
    steps: dict[Text, StepSettings] = Field(
        default_factory=dict,
        description='Settings for the steps whose names match, such as [steps."train_*"].',
    )
    backend: dict[Text, dict[str, Any]] = Field(
        default_factory=dict, description="Settings of a backend, by its name."
    )

    _origin: Origin = PrivateAttr(default_factory=Origin)

    @property
    def origin(self) -> Origin:
        """Where each value was written; equal for all experiments."""
        return self._origin

    @property
    def file(self) -> Path:
        """The experiment file, absolute."""
        return self._origin.file

    @property
    def folder(self) -> Path:
        """The folder that holds the experiment file."""
        return self._origin.file.parent

    @property
    def scripts(self) -> Path:
        """The folder of the user's own scripts and of the modules in `module:Class`."""
        named = self.pipeline.scripts if self.pipeline else None
        return Path(named) if named else self.folder

    @property
    def text(self) -> str:
        """This experiment as one TOML file that means the same in any folder."""
        return self._origin.text

    @property
    def sets(self) -> tuple[str, ...]:
        """What was given with --set."""
        return self._origin.sets

    def settings(self, step: str) -> StepSettings:
        """Return what the `[steps."GLOB"]` tables say of `step`; a later one has the last word."""
        said: dict[str, Any] = {}
        for glob, table in self.steps.items():
            if fnmatchcase(step, glob):
                said |= {name: getattr(table, name) for name in table.model_fields_set}
        return StepSettings.model_construct(**said)
