"""`[data]`: where the rows come from and what they must look like."""

from __future__ import annotations

import codecs
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from concrete_cli.config.fields import Scalar, Table, Text


def an_encoding(text: str) -> str:
    """Return `text` if Python knows an encoding of that name."""
    try:
        "".encode(codecs.lookup(text).name)
    except (LookupError, ValueError):
        message = "expected the name of an encoding, such as utf-8, cp1252 or utf-16"
        raise ValueError(message) from None
    return text


def a_delimiter(text: str) -> str:
    """Return `text` if it can separate values."""
    if len(text) != 1 or not text.isascii() or text.isalnum() or text in "\"'\r\n\0":
        raise ValueError('expected one character, such as ",", ";" or "\\t"')
    return text


Decimal = Literal[".", ","]
Thousands = Literal["", ",", ".", " ", "'"]


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
        None,
        description="What the source must hold: its sha256. A URL needs it: concrete pin --help",
    )
    target: Text = Field(description="The numeric column to predict.")
    missing_target: Literal["refuse", "drop"] = Field(
        "refuse", description="What becomes of rows without a target: refused, or left out."
    )
    units: dict[str, str] = Field(
        default_factory=dict, description="The unit of each column, for reports and the endpoint."
    )
    delimiter: Annotated[str, AfterValidator(a_delimiter)] | None = Field(
        None, description="What separates the values of a CSV file, where that is not found."
    )
    encoding: Annotated[str, AfterValidator(an_encoding)] | None = Field(
        None, description="How a CSV file is encoded, where that is not found: cp1250, say."
    )
    decimal: Decimal | dict[Text, Decimal] | None = Field(
        None, description="The decimal mark of all numbers, or by column, where it is in doubt."
    )
    thousands: Thousands | dict[Text, Thousands] | None = Field(
        None, description="What is between thousands, in all numbers or by column; '' is nothing."
    )
    missing_markers: list[Text] = Field(
        default_factory=list, description="Texts that mean no value, besides NA and its like."
    )
    drop: list[Text] = Field(default_factory=list, description="Columns that are not used.")
    categorical: list[Text] = Field(
        default_factory=list, description="Columns whose numbers are categories."
    )
    columns: dict[str, Column] = Field(default_factory=dict, description="Checks, by column name.")
