"""`[tracking]`: who else is told about runs."""

from __future__ import annotations

from pydantic import Field

from concrete_cli.config.fields import Table, Text


class Tracking(Table):
    """`[tracking]`: off unless something is named."""

    mlflow: Text | None = Field(
        None, description="The URI of an MLflow server or store (extra: mlflow)."
    )
