"""What must not be in the data: each refusal names the file, the column, the row and a remedy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from _columns import Column, Wanted
from _expression import Expression, parse_all
from _step import Refused
from _words import first

FEWEST_ROWS = 2


def check(table: pa.Table, columns: Sequence[Column], wanted: Wanted) -> None:
    """Refuse rows that no model should learn from."""
    if table.num_rows < FEWEST_ROWS:
        raise Refused(f"{wanted.source} has one row: there is nothing to learn from")
    _check_target(table, wanted)
    for column in columns:
        if column.role == "feature" and table[column.name].null_count == table.num_rows:
            message = f"has no values in the rows that have a {wanted.target}: drop it or fill it"
            raise wanted.refused(column.name, message)
        if column.role == "feature" and column.kind == "number":
            infinite = np.isinf(_floats(table, column.name))
            if infinite.any():
                message = f"is infinite in {wanted.places(infinite)}: correct it or leave it empty"
                raise wanted.refused(column.name, message)
        _check_rules(table, column, wanted)
    _check_features(table, columns, wanted)


def _check_target(table: pa.Table, wanted: Wanted) -> None:
    values = _floats(table, wanted.target)
    bad = ~np.isfinite(values)
    if bad.any():
        missing, infinite = int(np.isnan(values).sum()), int(np.isinf(values).sum())
        what = " and ".join(
            f"{count} {word}"
            for count, word in ((missing, "missing"), (infinite, "infinite"))
            if count
        )
        noun, rows = ("value", "this row") if bad.sum() == 1 else ("values", "these rows")
        message = f"is the target and has {what} {noun}, in {wanted.places(bad)}: remove {rows}"
        if missing and not infinite:
            message += ', or write missing_target = "drop" in [data]'
        raise wanted.refused(wanted.target, message)
    if values.min() == values.max():
        message = f"is the target and is {values[0]:g} in every row: there is nothing to predict"
        raise wanted.refused(wanted.target, message)


def _check_rules(table: pa.Table, column: Column, wanted: Wanted) -> None:
    rules = wanted.checks.get(column.name, {})
    array = table[column.name]
    missing = np.asarray(pc.is_null(array, nan_is_null=True))
    if not rules.get("missing", True) and missing.any():
        message = f"is missing in {wanted.places(missing)}: fill it, or allow it (missing = true)"
        raise wanted.refused(column.name, message)
    for word, key, wrong in (("below", "min", np.less), ("above", "max", np.greater)):
        if rules.get(key) is not None:
            values = _floats(table, column.name)
            outside = wrong(values, rules[key])
            if outside.any():
                value = values[first(outside)]
                message = (
                    f"is {word} its {key} {rules[key]:g} in {wanted.places(outside)}: {value:g}"
                )
                raise wanted.refused(column.name, f"{message}; correct it or change the limit")
    if rules.get("choices") is not None:
        _check_choices(array, missing, column, rules["choices"], wanted)


def _check_choices(
    array: Any, missing: Any, column: Column, choices: Sequence[Any], wanted: Wanted
) -> None:
    if column.kind == "category":
        allowed = pa.array([str(choice) for choice in choices], pa.string())
    else:
        array = pc.cast(array, pa.float64())
        numbers = [float(one) for one in choices if isinstance(one, (int, float))]
        allowed = pa.array(numbers, pa.float64())
    strange = ~np.asarray(pc.is_in(array, allowed)) & ~missing
    if strange.any():
        value = array[first(strange)].as_py()
        listed = ", ".join(map(str, choices))
        message = f"is not one of its choices ({listed}) in {wanted.places(strange)}: {value!r}"
        raise wanted.refused(column.name, message)


def _check_features(table: pa.Table, columns: Sequence[Column], wanted: Wanted) -> None:
    kinds = {column.name: column.kind for column in columns}
    values: dict[str, Any] = {}
    for name, expression in parse_all(wanted.features).items():
        for read in expression.columns:
            if kinds.get(read) == "category":
                raise Refused(f"feature {name} reads {read!r}, which holds text, not numbers")
            if read not in values:
                values[read] = _floats(table, read)
        if not expression.columns:
            raise Refused(f"feature {name} = {expression.text!r} reads no column: it is constant")
        values[name] = expression.evaluate(values)
        known = np.logical_and.reduce([np.isfinite(values[read]) for read in expression.columns])
        undefined = known & ~np.isfinite(values[name])
        if undefined.any():
            raise _undefined(name, expression, values, undefined, wanted)


def _undefined(
    name: str, expression: Expression, values: Mapping[str, Any], undefined: Any, wanted: Wanted
) -> Refused:
    row = first(undefined)
    reason = f"is {values[name][row]:g}"
    for divisor in expression.divisors():
        if divisor.columns and (undefined & (divisor.evaluate(values) == 0)).any():
            undefined = undefined & (divisor.evaluate(values) == 0)
            row, reason = first(undefined), f"divides by zero ({divisor.text})"
            break
    facts = ", ".join(f"{read} = {values[read][row]:g}" for read in expression.columns)
    return Refused(
        f"{wanted.source}: feature {name} = {expression.text!r} {reason} in"
        f" {wanted.places(undefined)}, where {facts}: correct the rows or the expression"
    )


def _floats(table: pa.Table, name: str) -> Any:
    return np.asarray(pc.cast(table[name], pa.float64()), dtype=np.float64)
