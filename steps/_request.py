"""What a request may hold: strict JSON, and rows whose columns are those of the signature.

Everything here is checked without pandas: most requests have one row, and are answered in a
fraction of the time that a DataFrame takes to make.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import _formats
from _formats import Columns
from _pipeline import label, level
from _rejected import LARGEST, Rejected, kind, short

MOST_ROWS = 10_000
SHOWN = 5  # problems told of one request
WARNED = 20  # warnings told of one request
FINITE = 1e300  # of a number that is the level of a category
# How the text of something else than JSON begins.
OTHERS = {
    "<": "XML or HTML",
    "{'": "Python: JSON has double quotes",
    "[{'": "Python: JSON has double quotes",
    "PAR1": "Parquet",
    "PK": "a zip file",
}


def parse(raw: str | bytes) -> Any:
    """Return JSON data; NaN, infinities, keys given twice and other encodings are no JSON."""
    text = ""
    try:
        text = raw.decode("utf-8") if isinstance(raw, bytes) else raw
        return DECODE(text.removeprefix("\ufeff"))  # some clients begin with a byte order mark
    except Rejected:
        raise
    except RecursionError:
        raise Rejected("the body is nested too deeply") from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno} column {error.colno}"
        message = f"the body is not JSON: {error.msg}, {place}"
        raise Rejected(message + _looks_like(text, error)) from None
    except UnicodeDecodeError:
        raise Rejected("the body is not UTF-8") from None
    except ValueError:
        raise Rejected("the body holds a number with too many digits") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):  # which one would count?
        twice = next(key for key, times in Counter(key for key, _ in pairs).items() if times > 1)
        raise Rejected(f"the body is not JSON: the key {short(twice)} is given twice")
    return found


def _refuse_constant(name: str) -> Any:
    raise Rejected(f"the body is not JSON: {name} is not a number")


DECODE = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_refuse_constant).decode


def _looks_like(text: str, error: json.JSONDecodeError) -> str:
    """Return what was sent instead, as far as it can be guessed."""
    start = text.lstrip()[:200]
    found = next((what for begin, what in OTHERS.items() if start.startswith(begin)), "")
    first = start.partition("\n")[0]
    if error.msg == "Extra data" and start[:1] in ("{", "["):
        found = "JSON lines: send one document"
    elif not found and start and start[0] not in '{["' and any(one in first for one in ",;\t"):
        found = "CSV"
    elif not found and "=" in first and start[0] not in '{["':
        found = "a form"
    return f"; it looks like {found}" if found else ""


class Signature:
    """The columns of a model, ready to check rows against."""

    def __init__(self, signature: Mapping[str, Any], most_rows: int = MOST_ROWS) -> None:
        self.columns = [_Column(column) for column in signature["columns"]]
        self.names = frozenset(column.name for column in self.columns)
        self.most_rows = most_rows

    def read(self, document: Any) -> tuple[Columns, list[str]]:
        """Return the columns of the rows in a document, and what is odd in them.

        The formats are those of `_formats.py`.
        """
        sent, problems = _formats.read(document, self.names, self.most_rows)
        columns: Columns = {}
        warnings: list[str] = []
        for column in self.columns:
            name = column.name
            given = sent[name]
            columns[name] = [column.plain(value) for value in given]
            problems += column.problems(given)
            if not problems:
                warnings += column.warnings(given)
        if problems:
            more = [f"and {len(problems) - SHOWN} more"] if len(problems) > SHOWN else []
            raise Rejected("; ".join([*problems[:SHOWN], *more]))
        rest = len(warnings) - WARNED
        return columns, warnings[:WARNED] + ([f"and {rest} more"] if rest > 0 else [])


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
                got = "it is missing" if value is None else f"got {kind(value)}"
                yield f"row {number}: {self.name}: {self._expected()}, {got}"
                return

    def warnings(self, values: list[Any]) -> Iterator[str]:
        """Yield at most one line: the first value the training rows did not hold, and how many."""
        odd = [number for number, value in enumerate(values) if self._is_odd(value)]
        if not odd:
            return
        value = short(values[odd[0]])
        text = f"{self.name} {value} was not seen in training"
        if self.kind == "number":
            text = f"{self.name} {value} is outside {span(self.low, self.high)}"
        if len(values) > 1:
            text += f" (row {odd[0] + 1}" + (f" and {len(odd) - 1} more)" if odd[1:] else ")")
        yield text

    def _fits(self, value: Any) -> bool:
        of = type(value)
        if value is None:
            return self.missing
        if self.kind == "number":
            return of in (int, float) and -self.largest <= value <= self.largest
        if self.kind == "boolean":
            return of is bool
        return of in (str, bool) or (of in (int, float) and -FINITE <= value <= FINITE)

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
