"""`[deploy]`: how the backend `local` serves a model."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, PlainValidator

from concrete_cli import durations, hosts
from concrete_cli.config.fields import Table, Text


def a_timeout(value: object) -> float:
    """Return seconds, at least one."""
    seconds = durations.parse(value)
    if seconds < 1:
        raise ValueError("expected at least 1 s")
    return seconds


Host = Annotated[str, AfterValidator(hosts.a_host)]
Timeout = Annotated[float, PlainValidator(a_timeout, json_schema_input_type=str | float)]
Origin = Annotated[str, AfterValidator(hosts.an_origin)]
RootPath = Annotated[str, AfterValidator(hosts.a_root_path)]


class Deploy(Table):
    """`[deploy]`: the address, the names and the limits of an endpoint on this machine."""

    host: Text | None = Field(None, description="The address to listen on: 127.0.0.1 by default.")
    port: int | None = Field(
        None, ge=1, le=65535, description="Without it the first free one from 8400 on."
    )
    workers: int | None = Field(None, ge=1, le=64, description="Processes that answer.")
    hosts: list[Host] | None = Field(
        None,
        description="Names that a Host header may hold, such as models.example.com behind a proxy.",
    )
    origins: list[Origin] | None = Field(
        None,
        description="Pages that may ask from a browser (CORS): https://app.example.com, or *.",
    )
    root_path: RootPath | None = Field(
        None, description="The path below which a proxy shows the endpoint: /models/strength."
    )
    max_bytes: int | None = Field(
        None, ge=1, le=2**31, description="Of a request's body, unpacked: 10,000,000 by default."
    )
    max_rows: int | None = Field(None, ge=1, description="Of one request: 10,000 by default.")
    max_connections: int | None = Field(
        None, ge=1, description="That one worker keeps open: 1000 by default."
    )
    timeout: Timeout | None = Field(None, description="To compute an answer: 30 s by default.")
    read_timeout: Timeout | None = Field(
        None, description="For a request to arrive: 10 s by default."
    )
    idle_timeout: Timeout | None = Field(
        None, description="For the next request of a connection: 30 s by default."
    )
