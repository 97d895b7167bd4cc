"""Which column is what: number, boolean or category."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from _expression import ExpressionError, parse_all
from _numerals import Given, Tally, maybe_thousands, number_in, numbers
from _pandas import categorical
from _step import Refused
from _table import Read, is_number, is_text
from _verdict import File, Verdict, asks_for_points, verdicts
from _words import first, nearest, places

WHOLE = r"^[+-]?(0|[1-9]\d*)(\.0*)?$"
SHOWN = 5
FEW = 10  # words that look like classes
NO_CLASSES = (
    "the target must be a number, for classification is not supported yet: write 0 and 1, say, to"
    " train a regression"
)


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
    stratify_by: str = ""
    rows: Any = None  # the numbers of the rows in the file, where some were left out
    given: Given = field(default_factory=Given)

    @property
    def named(self) -> set[str]:
        """Every column that the experiment names, for whatever purpose."""
        lists = (self.drop, self.categorical, self.checks, self.units, self.group_by)
        read = (one.columns for one in parse_all(self.features).values())
        return {self.target, self.stratify_by}.union(*lists, *read)

    def role(self, name: str) -> str:
        """Return what the column is there for: target, dropped or feature."""
        if name == self.target:
            return "target"
        return "dropped" if name in self.drop else "feature"

    def places(self, mask: Any) -> str:
        """Return which rows of the file are in a mask."""
        return places(mask, self.rows)

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
    written: Mapping[str, Any] = field(default_factory=dict)  # see Notation.facts

    def facts(self) -> dict[str, Any]:
        """Return the column for JSON; how it is written where that is unusual."""
        found = dict(vars(self))
        return found if self.written else {key: found[key] for key in found if key != "written"}


def typed(read: Read, wanted: Wanted) -> tuple[pa.Table, list[Column], list[str]]:
    """Return the table with plain types, its columns, and what is to be known of their reading.

    What is against `wanted` is refused.
    """
    names = read.table.column_names
    _check_names(names, wanted)
    _check_features(names, wanted)
    numeric = _must_be_numbers(wanted)
    read, categories = _decoded(read, wanted, numeric)
    wanted = replace(wanted, categorical=[*wanted.categorical, *categories])
    table, found = _decided(read, wanted, numeric)
    columns, arrays = [], {}
    for name in names:
        verdict = found.get(name)
        arrays[name], kind = _plain(table[name], name, wanted, verdict, numeric=name in numeric)
        dtype = {"number": str(arrays[name].type), "boolean": "bool", "category": "str"}[kind]
        dtype = {"double": "float64"}.get(dtype, dtype)
        unit = wanted.units.get(name, "")
        written = verdict.written.facts() if verdict and kind == "number" else {}
        columns.append(Column(name, kind, dtype, wanted.role(name), unit, written))
    return pa.table(arrays), columns, [*told(found)]


def _decoded(read: Read, wanted: Wanted, numeric: Collection[str]) -> tuple[Read, list[str]]:
    """Return the table without dictionaries, and the columns that are categories by their type."""
    table, found = read.table, categorical(read.table.schema)
    for number, field_ in enumerate(table.schema):
        if pa.types.is_dictionary(field_.type):
            values = pc.cast(table[field_.name], field_.type.value_type)
            table = table.set_column(number, field_.name, values)
    free = [name for name in found if name not in {*numeric, *wanted.drop}]
    names = [name for name in free if is_text(table[name].type) or is_number(table[name].type)]
    return replace(read, table=table), names


def _decided(
    read: Read, wanted: Wanted, numeric: Collection[str]
) -> tuple[pa.Table, dict[str, Verdict]]:
    """Return what each column of text is; the table has text where points may mean thousands."""
    table = read.table
    used = [name for name in table.column_names if wanted.role(name) != "dropped"]
    texts = [name for name in used if is_text(table[name].type) and name not in wanted.categorical]
    doubles = [name for name in used if pa.types.is_floating(table[name].type)]
    doubtful = [name for name in doubles if _maybe_thousands(table[name])]
    points = len(doubtful) < len(doubles) and bool(read.delimiter)
    file = File(read.delimiter, points, wanted.given)
    tallies = {name: _tally(table[name]) for name in texts}
    found = verdicts(tallies, file, numeric)
    said = wanted.given.decimal or wanted.given.thousands
    if said or read.delimiter == ";" or any(map(asks_for_points, found.values())):
        for name, array in read.text(doubtful).items():
            table = table.set_column(table.column_names.index(name), name, array)
            tallies[name] = _tally(array)
        found = verdicts(tallies, file, numeric)
    return table, found


def _tally(array: Any) -> Tally:
    tally = Tally()
    tally.add(pc.cast(array, pa.string()))
    return tally


def _maybe_thousands(array: Any) -> bool:
    values = np.asarray(pc.cast(pc.drop_null(array), pa.float64()), dtype=np.float64)
    return maybe_thousands(values[np.isfinite(values)])


def told(found: Mapping[str, Verdict], *, codes: bool = True) -> Iterator[str]:
    """Yield what is to be known of how columns were read, a line for those of each kind."""
    ways: dict[str, list[str]] = {}
    for name, verdict in found.items():
        if verdict.kind == "number" and not verdict.words and (how := verdict.written.told()):
            ways.setdefault(how, []).append(name)
    for how, names in ways.items():
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        shown = ", ".join(map(repr, names[:SHOWN]))
        noun, verb = ("column", "is") if len(names) == 1 else ("columns", "are")
        yield f"{noun} {shown}{more} {verb} read {how}"
    for name, verdict in found.items():
        if verdict.code and codes:
            yield (
                f"column {name!r} is a category, for {verdict.code!r} begins with a zero: list it"
                " as categorical, or give it a `min` in [data.columns] if it is a number"
            )


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


def _plain(
    array: Any, name: str, wanted: Wanted, verdict: Verdict | None, *, numeric: bool
) -> tuple[Any, str]:
    if wanted.role(name) == "dropped":
        return _dropped(array)
    if pc.all(pc.is_null(array, nan_is_null=True)).as_py():
        raise wanted.refused(name, "has no values: drop it or fill it")
    if name in wanted.categorical:
        if numeric:
            raise wanted.refused(name, "is listed as categorical but used as a number")
        return _levels(array, name, wanted), "category"
    if pa.types.is_boolean(array.type):
        return _booleans(array, name, wanted), "boolean"
    if is_number(array.type):
        return _unmarked(_numbers(array), wanted), "number"
    if name == wanted.target and is_text(array.type):
        _refuse_classes(array, wanted)
    if verdict:
        return _text(pc.cast(array, pa.string()), name, wanted, verdict, numeric=numeric)
    advice = "drop it, list it as categorical, or make numbers of it"
    raise wanted.refused(name, f"holds {array.type}: {advice}")


def _refuse_classes(array: Any, wanted: Wanted) -> None:
    """Refuse a target of a few words, none of which is a number."""
    words = sorted(pc.unique(pc.drop_null(pc.cast(array, pa.string()))).to_pylist())
    if (
        2 * len(words) <= len(array)
        and len(words) <= FEW
        and all(number_in(one) is None for one in words)
    ):
        shown = ", ".join(map(repr, words[:SHOWN])) + (", ..." if len(words) > SHOWN else "")
        raise wanted.refused(wanted.target, f"holds texts ({shown}): {NO_CLASSES}")


def _booleans(array: Any, name: str, wanted: Wanted) -> Any:
    if name == wanted.target:
        raise wanted.refused(name, f"holds true and false: {NO_CLASSES}")
    return pc.cast(array, pa.float64()) if array.null_count else array


def _unmarked(array: Any, wanted: Wanted) -> Any:
    """Return numbers without those that mean no value, such as -999."""
    found = map(number_in, wanted.given.missing_markers)
    markers = [one for one in found if one is not None]
    if not markers:
        return array
    marked = pc.is_in(pc.cast(array, pa.float64()), pa.array(markers, pa.float64()))
    if not pc.any(marked).as_py():
        return array
    return pc.if_else(marked, None, pc.cast(array, pa.float64()))


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
        if is_number(array.type):
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


def _levels(array: Any, name: str, wanted: Wanted) -> Any:
    if pa.types.is_floating(array.type):
        numbers = pc.if_else(pc.is_nan(array), None, array)
        if pc.all(pc.equal(numbers, pc.floor(numbers))).as_py():
            array = pc.cast(numbers, pa.int64())
    text = pc.cast(array, pa.string())
    # Whole numbers as pandas writes them where one is missing: 1.0 is the code 1.
    listed = {str(one) for one in wanted.checks.get(name, {}).get("choices") or ()}
    points = pc.match_substring(text, ".")
    if not pc.any(points).as_py() or not pc.all(pc.match_substring_regex(text, WHOLE)).as_py():
        return text
    if pc.any(pc.is_in(text.filter(points), pa.array(listed, pa.string()))).as_py():
        return text
    return pc.replace_substring_regex(text, r"\.0*$", "")


def _text(
    array: Any, name: str, wanted: Wanted, verdict: Verdict, *, numeric: bool
) -> tuple[Any, str]:
    if verdict.kind == "refused":
        advice = "" if numeric else f", or list {name!r} as categorical"
        raise wanted.refused(name, verdict.why + advice)
    if verdict.kind == "category":
        return array, "category"
    if verdict.kind == "boolean":
        folded = pc.utf8_lower(pc.utf8_trim_whitespace(array))
        return _booleans(pc.equal(folded, "true"), name, wanted), "boolean"
    values, wrong = numbers(array, verdict.written)
    if not wrong.any():
        return values, "number"
    value = array[first(wrong)].as_py()
    advice = "correct it or leave it empty"
    if not any(map(str.isdigit, value)):
        word = json.dumps(value, ensure_ascii=False)
        advice += f", write missing_markers = [{word}] in [data] if it means no value"
    if not numeric:
        advice += f", or list {name!r} as categorical"
    raise wanted.refused(
        name, f"should hold numbers but has text in {places(wrong)}: {value!r}; {advice}"
    )
