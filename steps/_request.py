"""What a request may hold: strict JSON, and rows whose columns are those of the signature.

Everything here is checked without pandas: most requests have one row, and are answered in a
fraction of the time that a DataFrame takes to make.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from _pipeline import label, level

MOST_ROWS = 10_000
LARGEST = 1e15  # of a number, or ten times what the training rows held if that is more
SHOWN = 5  # problems told of one request
WARNED = 20  # warnings told of one request
LONGEST = 40  # characters of a value that are told
KINDS = {
    bool: "true or false",
    str: "a text",
    type(None): "null",
    list: "a list",
    dict: "an object",
}

Columns = dict[str, list[Any]]


class Rejected(ValueError):
    """A request that cannot be answered; `status` is the HTTP status that says so."""

    def __init__(self, message: str, status: int = 422) -> None:
        super().__init__(message)
        self.status = status


class _NoNumber(ValueError):
    """NaN, Infinity or -Infinity."""


def parse(raw: str | bytes) -> Any:
    """Return JSON data; NaN, infinities and bytes that are not UTF-8 are no JSON."""
    try:
        text = raw.decode("utf-8") if isinstance(raw, bytes) else raw
        return json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        raise Rejected("the body is nested too deeply") from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno} column {error.colno}"
        raise Rejected(f"the body is not JSON: {error.msg}, {place}") from None
    except UnicodeDecodeError:
        raise Rejected("the body is not UTF-8") from None
    except _NoNumber as error:
        raise Rejected(f"the body is not JSON: {error} is no number") from None
    except ValueError:
        raise Rejected("the body holds a number with too many digits") from None


class Signature:
    """The columns of a model, ready to check rows against."""

    def __init__(self, signature: Mapping[str, Any], most_rows: int = MOST_ROWS) -> None:
        self.columns = [_Column(column) for column in signature["columns"]]
        self.names = frozenset(column.name for column in self.columns)
        self.most_rows = most_rows

    def read(self, document: Any) -> tuple[Columns, list[str]]:
        """Return the columns of `{"data": [{column: value}, ...]}`, and what is odd in them."""
        rows = self._rows(document)
        problems = list(self._unknown(rows))
        columns: Columns = {}
        warnings: list[str] = []
        for column in self.columns:
            name = column.name
            given = [row.get(name) for row in rows]
            columns[name] = [column.plain(value) for value in given]
            problems += column.problems(given)
            if not problems:
                warnings += column.warnings(given)
        if problems:
            more = [f"and {len(problems) - SHOWN} more"] if len(problems) > SHOWN else []
            raise Rejected("; ".join([*problems[:SHOWN], *more]))
        rest = len(warnings) - WARNED
        return columns, warnings[:WARNED] + ([f"and {rest} more"] if rest > 0 else [])

    def _rows(self, document: Any) -> list[dict[str, Any]]:
        wanted = 'expected {"data": [{column: value, ...}, ...]}'
        if not isinstance(document, dict) or not isinstance(document.get("data"), list):
            raise Rejected(f"{wanted}, got {_kind(document)}")
        if extra := [key for key in document if key != "data"]:
            raise Rejected(f"{wanted}, got also {_short(extra[0])}")
        rows: list[Any] = document["data"]
        if not rows:
            raise Rejected("data holds no rows")
        if len(rows) > self.most_rows:
            message = f"data holds {len(rows)} rows; one request may hold {self.most_rows}"
            raise Rejected(f"{message}: send them in parts, or use batch scoring", 413)
        for number, row in enumerate(rows, 1):
            if type(row) is not dict:
                raise Rejected(f"row {number}: expected an object, got {_kind(row)}")
        return rows

    def _unknown(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
        for number, row in enumerate(rows, 1):
            if row.keys() <= self.names:
                continue
            strange = next(key for key in row if key not in self.names)
            near = get_close_matches(strange[:100], self.names, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            yield f"row {number}: the model has no column {_short(strange)}{hint}"
            return


class _Column:
    """One column: what a value must be, and which values the training rows held."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        self.name: str = facts["name"]
        self.kind: str = facts["kind"]
        self.missing = bool(facts["missing"])
        self.low, self.high = facts["min"], facts["max"]
        self.levels = known_levels(facts)
        bounds = [abs(end) for end in (self.low, self.high) if end is not None]
        self.largest = max([LARGEST, *(10 * end for end in bounds)])

    def plain(self, value: Any) -> Any:
        """Return a value as the pipeline takes it."""
        return math.nan if value is None and self.kind != "category" else value

    def problems(self, values: list[Any]) -> Iterator[str]:
        """Yield what is wrong with the first value that cannot be used."""
        for number, value in enumerate(values, 1):
            if not self._fits(value):
                got = "it is missing" if value is None else f"got {_kind(value)}"
                yield f"row {number}: {self.name}: {self._expected()}, {got}"
                return

    def warnings(self, values: list[Any]) -> Iterator[str]:
        """Yield at most one line: the first value the training rows did not hold, and how many."""
        odd = [number for number, value in enumerate(values) if self._is_odd(value)]
        if not odd:
            return
        value = _short(values[odd[0]])
        text = f"{self.name} {value} was not seen in training"
        if self.kind == "number":
            text = f"{self.name} {value} is outside {span(self.low, self.high)}"
        if len(values) > 1:
            text += f" (row {odd[0] + 1}" + (f" and {len(odd) - 1} more)" if odd[1:] else ")")
        yield text

    def _fits(self, value: Any) -> bool:
        kind = type(value)
        if value is None:
            return self.missing
        if self.kind == "number":
            return kind in (int, float) and -self.largest <= value <= self.largest
        if self.kind == "boolean":
            return kind is bool
        return kind in (str, int, float, bool)

    def _is_odd(self, value: Any) -> bool:
        if value is None:
            return False
        if self.kind == "number":
            return self.low is not None and not self.low <= value <= self.high
        return self.levels is not None and level(value, self.levels) not in self.levels

    def _expected(self) -> str:
        wanted = {"number": "a number", "boolean": "true or false", "category": "a text"}
        return f"expected {wanted[self.kind]}" + (" or null" if self.missing else "")


def known_levels(facts: Mapping[str, Any]) -> frozenset[Any] | None:
    """Return the levels of a category; None where there were too many to list, or it is none."""
    if facts["choices"] is None or facts.get("more_choices"):
        return None
    return frozenset(map(label, facts["choices"]))


def span(low: float, high: float) -> str:
    """Return a range as people write it: 1-365, -5 to 3."""
    return f"{low:.10g}{' to ' if low < 0 or high < 0 else '-'}{high:.10g}"


def _kind(value: Any) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "a number" if abs(value) <= LARGEST else "a number that is too large"
    return KINDS.get(type(value), "something else")


def _short(value: Any) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:.10g}"
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def _refuse_constant(name: str) -> Any:
    raise _NoNumber(name)
