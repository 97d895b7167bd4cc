"""`[data]`: where the rows come from and what they must look like."""

from __future__ import annotations

from pydantic import Field

from concrete_cli.config.fields import Scalar, Table, Text


class Column(Table):
    """`[data.columns.NAME]`: what must hold for every value of a column."""

    min: float | None = Field(None, description="The smallest value allowed.")
    max: float | None = Field(None, description="The largest value allowed.")
    missing: bool = Field(default=True, description="Whether values may be missing.")
    choices: list[Scalar] | None = Field(None, min_length=1, description="The only values allowed.")


class Data(Table):
    """`[data]`: the table of rows to learn from."""

    source: Text = Field(
        description="A CSV or Parquet file, relative to this one; a URL; or azureml:NAME:VERSION."
    )
    sha256: Text | None = Field(
        None, description="What the source must hold: its sha256. A URL needs it: concrete pin URL."
    )
    target: Text = Field(description="The numeric column to predict.")
    units: dict[str, str] = Field(
        default_factory=dict, description="The unit of each column, for reports and the endpoint."
    )
    drop: list[Text] = Field(default_factory=list, description="Columns that are not used.")
    categorical: list[Text] = Field(
        default_factory=list, description="Columns whose numbers are categories."
    )
    columns: dict[str, Column] = Field(default_factory=dict, description="Checks, by column name.")
