"""`[steps."GLOB"]`: what the steps whose names match are given to run."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from concrete_cli.config.fields import Seconds, Table, Text


class StepSettings(Table):
    """`[steps."GLOB"]`: what is left out stays as the workflow has it."""

    compute: Text | None = Field(None, description="Where it runs, as the backend calls it.")
    cpus: int | None = Field(None, ge=1, le=1024, description="How many processors it uses.")
    timeout: Seconds | None = Field(
        None, description='How long it may take: "90s", "10m", "2h", or seconds; 0 is no limit.'
    )
    retries: int | None = Field(None, ge=0, le=100, description="How often it is tried again.")
    reuse: bool | None = Field(None, description="Whether an equal finished step is reused.")
    mode: Literal["upload", "mount"] | None = Field(
        None,
        description="upload: outputs appear whole, on success. mount: what was written stays.",
    )
    destination: Text | None = Field(
        None,
        description="Where outputs go in a cloud, DATASTORE/path/{run}/{step}/{output}; on this"
        " machine they stay in the cache.",
    )
