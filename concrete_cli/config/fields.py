"""What the tables of an experiment are made of."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator

from concrete_cli import durations
from concrete_cli.plan import NAME

LONGEST_NAME = 60
TITLE = re.compile("[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


class Table(BaseModel):
    """One table of the TOML file: frozen, no unknown keys, TOML's own types without conversion.

    Models are built when the first experiment is read, not when they are imported.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, defer_build=True
    )


def a_name(text: str) -> str:
    """Return `text` if a step can be called that."""
    if not NAME.fullmatch(text) or len(text) > LONGEST_NAME:
        rule = f"letters a-z, digits and _, at most {LONGEST_NAME}, beginning with a letter"
        raise ValueError(f"expected a name ({rule})")
    return text


def a_scalar(value: object) -> object:
    """Return `value` if it is text, true, false or a finite number."""
    finite = isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value))
    if not finite:
        raise ValueError("expected text, a number, true or false")
    return value


def not_blank(text: str) -> str:
    """Return `text` if there is something in it."""
    if not text.strip():
        raise ValueError("expected text that is not empty")
    return text


def a_title(text: str) -> str:
    """Return `text` if it can name runs, models and experiments everywhere."""
    if not TITLE.fullmatch(text):
        rule = "letters, digits, - and _, at most 100, beginning with a letter or digit"
        raise ValueError(f"expected a name ({rule})")
    return text


def several(value: object) -> object:
    """Return a list with a single text in it, where no list is given."""
    return [value] if isinstance(value, str) else value


def _schema(**words: str | int) -> Any:
    return Field(json_schema_extra={**words})


Name = Annotated[str, AfterValidator(a_name), _schema(pattern=f"^{NAME.pattern}$")]
Title = Annotated[str, AfterValidator(a_title), _schema(pattern=f"^{TITLE.pattern}$")]
Text = Annotated[str, AfterValidator(not_blank), _schema(minLength=1)]
Patterns = Annotated[list[Text], BeforeValidator(several, json_schema_input_type=str | list[str])]
Seconds = Annotated[float, PlainValidator(durations.parse, json_schema_input_type=str | float)]
Scalar = Annotated[Any, PlainValidator(a_scalar, json_schema_input_type=str | int | float | bool)]
