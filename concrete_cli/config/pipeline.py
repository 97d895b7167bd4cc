"""`[pipeline]`: steps of your own, with scripts of your own."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from concrete_cli.config.fields import Name, Patterns, Table, Text, several


def _modes(value: object) -> object:
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        return dict.fromkeys(value, "upload")
    return value


Mode = Literal["upload", "mount"]
Items = Annotated[
    list[Text],
    Field(min_length=1),
    BeforeValidator(several, json_schema_input_type=str | list[str]),
]
Modes = Annotated[
    dict[Name, Mode],
    BeforeValidator(_modes, json_schema_input_type=list[str] | dict[str, Mode]),
]
FILES = 'Further files that it reads or starts, relative to the scripts folder: ["*.sql"].'


class PipelineStep(Table):
    """`[pipeline.steps.NAME]`: one script and what it is given."""

    script: Text = Field(description="A file in the scripts folder.")
    inputs: dict[Name, Items] = Field(
        default_factory=dict,
        description="By name: STEP.OUTPUT of another step, or a path relative to this file.",
    )
    outputs: Modes = Field(
        default_factory=dict, description='Names of the folders it makes: ["data"].'
    )
    params: dict[Name, Any] = Field(
        default_factory=dict, description="Parameters of the script, by name."
    )
    files: Patterns = Field(default_factory=list, description=FILES)
    after: list[Name] = Field(
        default_factory=list, description="Steps that must be done before, beside the inputs'."
    )


class Pipeline(Table):
    """`[pipeline]`: what `concrete run` does, and where scripts and classes of your own are."""

    scripts: Text | None = Field(
        None, description="The folder of scripts and classes, relative to this file; else its own."
    )
    steps: dict[Name, PipelineStep] = Field(default_factory=dict, description="The steps, by name.")
