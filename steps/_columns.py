"""Which column is what: number, boolean or category."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from _expression import ExpressionError, parse_all
from _step import Refused
from _words import first, nearest, places

MOSTLY = 0.5
NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"


@dataclass(frozen=True)
class Wanted:
    """What the experiment says of the data; `source` is where the data was read."""

    source: Path
    target: str
    drop: Sequence[str] = ()
    categorical: Sequence[str] = ()
    checks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    features: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    group_by: Sequence[str] = ()

    def role(self, name: str) -> str:
        """Return what the column is there for: target, dropped or feature."""
        if name == self.target:
            return "target"
        return "dropped" if name in self.drop else "feature"

    def refused(self, name: str, message: str) -> Refused:
        """Return the refusal of a column."""
        return Refused(f"{self.source}: column {name!r} {message}")


@dataclass(frozen=True)
class Column:
    """One column: `kind` is number, boolean or category; `role` is feature, target or dropped."""

    name: str
    kind: str
    dtype: str
    role: str
    unit: str


def typed(table: pa.Table, wanted: Wanted) -> tuple[pa.Table, list[Column]]:
    """Return the table with plain types, and its columns; refuse what is against `wanted`."""
    names = table.column_names
    _check_names(names, wanted)
    _check_features(names, wanted)
    numeric = _must_be_numbers(wanted)
    columns, arrays = [], {}
    for name in names:
        arrays[name], kind = _plain(table[name], name, wanted, numeric=name in numeric)
        dtype = {"number": str(arrays[name].type), "boolean": "bool", "category": "str"}[kind]
        dtype = {"double": "float64"}.get(dtype, dtype)
        unit = wanted.units.get(name, "")
        columns.append(Column(name, kind, dtype, wanted.role(name), unit))
    return pa.table(arrays), columns


def _check_names(names: Sequence[str], wanted: Wanted) -> None:
    given = {
        "target": [wanted.target],
        "drop": wanted.drop,
        "categorical": wanted.categorical,
        "columns": wanted.checks,
        "units": [name for name in wanted.units if name not in wanted.features],
    }
    for place, those in given.items():
        for name in those:
            if name not in names:
                hint = nearest(name, names)
                raise Refused(f"{wanted.source} has no column {name!r} ({place}): {hint}")
    if wanted.target in wanted.drop:
        raise wanted.refused(wanted.target, "is the target and is dropped: take it out of `drop`")
    if not any(wanted.role(name) == "feature" for name in names):
        raise Refused(f"{wanted.source} has no column left to predict {wanted.target!r} from")


def _check_features(names: Sequence[str], wanted: Wanted) -> None:
    for name in wanted.features:
        if name in names:
            raise wanted.refused(name, "is there already: give the feature another name")
    usable = [name for name in names if wanted.role(name) == "feature"]
    try:
        expressions = parse_all(wanted.features)
        for name, expression in expressions.items():
            for read in expression.columns:
                if read in names and read not in usable:
                    message = (
                        f"is the {wanted.role(read)} column"
                        if read == wanted.target
                        else "is dropped"
                    )
                    raise Refused(f"feature {name} reads {read!r}, which {message}")
        parse_all(wanted.features, usable)
    except ExpressionError as error:
        name = error.feature
        where = f"feature {name} = {wanted.features[name]!r}, character {error.offset + 1}"
        raise Refused(f"{where}: {error}") from error


def _must_be_numbers(wanted: Wanted) -> set[str]:
    found = {wanted.target}
    for expression in parse_all(wanted.features).values():
        found.update(expression.columns)
    bounds = ("min", "max")
    return found | {
        name
        for name, check in wanted.checks.items()
        if any(check.get(key) is not None for key in bounds)
    }


def _plain(array: Any, name: str, wanted: Wanted, *, numeric: bool) -> tuple[Any, str]:
    if pa.types.is_dictionary(array.type):
        array = pc.cast(array, array.type.value_type)
    if wanted.role(name) == "dropped":
        return _dropped(array)
    if pc.all(pc.is_null(array, nan_is_null=True)).as_py():
        raise wanted.refused(name, "has no values: drop it or fill it")
    if name in wanted.categorical:
        if numeric:
            raise wanted.refused(name, "is listed as categorical but used as a number")
        return _levels(array), "category"
    if pa.types.is_boolean(array.type):
        if name == wanted.target:
            raise wanted.refused(name, "holds true and false: the target must be a number")
        return pc.cast(array, pa.float64()) if array.null_count else array, "boolean"
    if _is_number(array.type):
        return _numbers(array), "number"
    if _is_text(array.type):
        return _text(pc.cast(array, pa.string()), name, wanted, numeric=numeric)
    advice = "drop it, list it as categorical, or make numbers of it"
    raise wanted.refused(name, f"holds {array.type}: {advice}")


def _numbers(array: Any) -> Any:
    try:
        numbers = pc.cast(array, pa.float64())
    except pa.ArrowInvalid:  # a whole number beyond 2**53: a model takes the nearest there is
        return pc.cast(array, pa.float64(), safe=False)
    whole = pa.types.is_integer(array.type) and not array.null_count
    return pc.cast(array, pa.int64()) if whole else numbers


def _dropped(array: Any) -> tuple[Any, str]:
    # It may still say which rows belong together.
    try:
        if _is_number(array.type):
            numbers = pc.cast(array, pa.float64())
            if pc.any(pc.is_finite(numbers)).as_py():
                return numbers, "number"
    except pa.ArrowInvalid:  # keys beyond 2**53, of which no two may become one
        pass
    return as_text(array), "category"


def as_text(array: Any) -> Any:
    """Return any values as text."""
    if pa.types.is_dictionary(array.type):
        array = pc.cast(array, array.type.value_type)
    try:
        return pc.cast(array, pa.string())
    except pa.ArrowException:  # lists, say, or bytes that are no text
        values = (None if one is None else repr(one) for one in array.to_pylist())
        return pa.chunked_array([pa.array(values, pa.string())])


def _levels(array: Any) -> Any:
    if pa.types.is_floating(array.type):
        numbers = pc.if_else(pc.is_nan(array), None, array)
        if pc.all(pc.equal(numbers, pc.floor(numbers))).as_py():
            array = pc.cast(numbers, pa.int64())
    return pc.cast(array, pa.string())


def _text(array: Any, name: str, wanted: Wanted, *, numeric: bool) -> tuple[Any, str]:
    trimmed = pc.utf8_trim_whitespace(array)
    is_number = pc.match_substring_regex(trimmed, NUMBER)
    wrong = np.asarray(pc.invert(pc.fill_null(is_number, fill_value=True)))
    if not wrong.any():
        return pc.cast(trimmed, pa.float64()), "number"
    if not numeric and wrong.sum() >= MOSTLY * (len(array) - array.null_count):
        return array, "category"
    value = array[first(wrong)].as_py()
    advice = "correct it or leave it empty"
    if not numeric:
        advice += f", or list {name!r} as categorical"
    raise wanted.refused(
        name, f"should hold numbers but has text in {places(wrong)}: {value!r}; {advice}"
    )


def _is_number(kind: Any) -> bool:
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    )


def _is_text(kind: Any) -> bool:
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )
