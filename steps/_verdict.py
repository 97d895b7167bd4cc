"""Whether a column of text holds numbers, and how they are written.

What is certain is read, what is in doubt is refused with the line to write, and what is neither
numbers nor times is a category.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from _numerals import DATE, MOSTLY, NUMERAL, READINGS, Given, Notation, Reading, Tally
from _units import MARKERS, UNITS

TRUE_FALSE = frozenset(["true", "True", "TRUE", "false", "False", "FALSE"])
KNOWN_UNITS = frozenset(unit.casefold() for unit in UNITS)
INFINITE = re.compile("[+-]?inf(inity)?", re.IGNORECASE)
CODE = re.compile("0[0-9]+")
DIGITS = re.compile("[0-9]+")
PHONE = re.compile(r"\+[0-9]{8,15}")
ADDRESS = re.compile(r"[0-9]{1,3}(\.[0-9]{3}){3}")
PLAIN = Notation()
SHOWN = 3


@dataclass(frozen=True)
class Verdict:
    """What a column of text is: a number, boolean, category or refused (`why` says it).

    `words` are texts of a column of numbers that are none; `code` one that begins with a zero;
    `times` says that it holds dates or times.
    """

    kind: str
    written: Notation = PLAIN
    why: str = ""
    words: tuple[str, ...] = ()
    code: str = ""
    times: str = ""


@dataclass(frozen=True)
class Seen:
    """A column of a model: how it was written when the model was trained, and its range."""

    written: Notation
    low: float
    high: float


@dataclass(frozen=True)
class File:
    """What the file says beside a column: its delimiter, and whether it has decimal points."""

    delimiter: str = ","
    points: bool = False
    given: Given = field(default_factory=Given)


@dataclass(frozen=True)
class _Number:
    """The numbers of one shape; `readings` are those that its marks allow."""

    text: str
    body: str
    unit: str
    apart: bool  # whether a blank separates the unit
    count: int
    examples: tuple[str, ...]
    readings: frozenset[Reading]


@dataclass(frozen=True)
class _Column:
    """The numbers of a column, what else it holds, and what is left of the readings."""

    numbers: tuple[_Number, ...]
    words: Mapping[str, int]
    unit: str
    missing: tuple[str, ...]
    readings: frozenset[Reading]


def verdicts(
    tallies: Mapping[str, Tally],
    file: File,
    required: Collection[str] = (),
    seen: Mapping[str, Seen] | None = None,
) -> dict[str, Verdict]:
    """Return what each column of a file is; those in `required` must be numbers."""
    found: dict[str, Verdict] = {}
    doubtful: dict[str, _Column] = {}
    for name, tally in tallies.items():
        column = _column(name, tally, file.given, required=name in required)
        if isinstance(column, Verdict):
            found[name] = column
        else:
            doubtful[name] = column
    proven = {"."} if file.points else set[str]()
    for column in doubtful.values():
        decimals = {decimal for decimal, _ in column.readings}
        proven |= decimals if len(decimals) == 1 else set()
    for name, column in doubtful.items():
        found[name] = _resolved(name, column, file, proven, (seen or {}).get(name))
    return {name: found[name] for name in tallies}


def asks_for_points(verdict: Verdict) -> bool:
    """Whether it matters what the points mean in columns that are plain numbers otherwise."""
    return verdict.kind == "refused" or verdict.written.decimal == ","


def _column(name: str, tally: Tally, given: Given, *, required: bool) -> Verdict | _Column:
    numbers, words, missing = _sorted(tally, given)
    rows, others = sum(one.count for one in numbers), sum(words.values()) + tally.more
    if not required and (kind := _names(numbers, words)):
        return kind
    numbers, words, unit, why = _without_unit(numbers, words)
    if why:
        return Verdict("refused", why=why)
    few = len(words) if not tally.more else rows
    if not required and (
        not numbers or (rows < MOSTLY * (rows + others) and tally.distinct <= few)
    ):
        return _text(words, rows + others)
    readings = frozenset(READINGS).intersection(*(one.readings for one in numbers))
    if numbers and not readings:
        return Verdict("refused", why=_two_ways(numbers))
    allowed = frozenset(one for one in readings if given.allows(name, one))
    if numbers and not allowed:
        return Verdict("refused", why=_against(numbers, given, name))
    return _Column(numbers, words, unit, missing, allowed)


def _sorted(
    tally: Tally, given: Given
) -> tuple[tuple[_Number, ...], dict[str, int], tuple[str, ...]]:
    """Return the numbers of a column, its words, and those of them that mean no value."""
    numbers, words, missing = [], {}, []
    for text, count in tally.words.items():
        if text in MARKERS or text in given.missing_markers:
            missing.append(text)
        elif not INFINITE.fullmatch(text):
            words[text] = count
    for text, shape in tally.shapes.items():
        number = _number(text, shape.count, tuple(shape.examples))
        if number:
            numbers.append(number)
        else:
            words[shape.examples[0]] = shape.count
    missing += [one for one in given.missing_markers if NUMERAL.fullmatch(one)]  # such as -999
    return tuple(numbers), words, tuple(sorted(missing))


def _number(text: str, count: int, examples: tuple[str, ...]) -> _Number | None:
    match = NUMERAL.fullmatch(text)
    if not match:
        return None
    opened, before, sign, beside, body, _, after, minus, closed = match.groups()
    unit = [one for one in (before, beside, after) if one]
    if bool(opened) != bool(closed) or len(unit) > 1 or sum(map(bool, (opened, sign, minus))) > 1:
        return None
    readings = frozenset(one for one in READINGS if _reads(body, one))
    if not readings:
        return None
    name = unit[0] if unit else ""
    apart = not after or f" {after}" in text
    return _Number(text, body, name, apart, count, examples, readings)


def _reads(body: str, reading: Reading) -> bool:
    decimal, thousands = reading
    whole, mark, fraction = body.partition(decimal)
    if mark and fraction and not DIGITS.fullmatch(fraction):
        return False
    if not whole or DIGITS.fullmatch(whole):
        return bool(whole or fraction)
    if not thousands:
        return False
    if re.fullmatch(f"[1-9][0-9]{{0,2}}({re.escape(thousands)}[0-9]{{3}})+", whole):
        return True
    return thousands == "," and bool(re.fullmatch("[1-9][0-9]?(,[0-9]{2})*,[0-9]{3}", whole))


def _names(numbers: Collection[_Number], words: Mapping[str, int]) -> Verdict | None:
    """Return a category where what looks like numbers are codes, phone numbers or addresses."""
    codes = [one for one in numbers if CODE.fullmatch(one.text)]
    if codes and all(DIGITS.fullmatch(one.text) for one in numbers):
        return Verdict("category", code=codes[0].examples[0])
    if numbers and all(PHONE.fullmatch(one.text) for one in numbers):
        return Verdict("category")
    if numbers and all(ADDRESS.fullmatch(one.text) for one in numbers):
        texts = [text for one in numbers for text in one.examples]
        if all(int(part) <= 255 for text in texts for part in text.split(".")):
            return Verdict("category")
    if words and not numbers and words.keys() <= TRUE_FALSE:
        return Verdict("boolean")
    return None


def _without_unit(
    numbers: tuple[_Number, ...], words: dict[str, int]
) -> tuple[tuple[_Number, ...], dict[str, int], str, str]:
    """Return numbers, words, the one unit of the numbers, and why they are refused."""
    units = sorted({one.unit for one in numbers if one.unit})
    if not units:
        return numbers, words, "", ""
    with_unit = [one for one in numbers if one.unit]
    known = [one for one in with_unit if _known(one, alone=len(units) == 1)]
    bare = [one for one in numbers if not one.unit and any(map(_not_zero, one.examples))]
    if 2 * sum(one.count for one in known) < sum(one.count for one in with_unit):
        more = {one.examples[0]: one.count for one in with_unit}
        return tuple(one for one in numbers if not one.unit), {**words, **more}, "", ""
    if len(units) > 1:
        shown = ", ".join(repr(one) for one in units[:SHOWN])
        why = f"is written in several units ({shown}): convert it to one"
        return numbers, words, "", why
    if bare:
        texts = f"{bare[0].examples[0]!r} and {with_unit[0].examples[0]!r}"
        why = f"is written with and without its unit ({texts}): write it the same way everywhere"
        return numbers, words, "", why
    return numbers, words, units[0], ""


def _known(number: _Number, *, alone: bool) -> bool:
    unit = number.unit
    if alone and number.apart:
        return True
    telling = alone or number.apart or len(unit) > 1 or not unit.isalpha()
    return telling and unit.casefold() in KNOWN_UNITS


def _not_zero(text: str) -> bool:
    return bool(re.search("[1-9]", text))


def _text(words: Mapping[str, int], rows: int) -> Verdict:
    dates = {text: count for text, count in words.items() if DATE.fullmatch(text)}
    if dates and sum(dates.values()) >= MOSTLY * rows:
        first = next(iter(dates))
        times = "times" if all(":" in text for text in dates) else "dates"
        why = f"holds {times}, such as {first!r}: drop it, or make numbers of it"
        return Verdict("refused", why=why, times=times)
    return Verdict("category")


def _resolved(
    name: str, column: _Column, file: File, proven: set[str], seen: Seen | None
) -> Verdict:
    left = _ranked(column.readings)
    marks = {mark for one in column.numbers for mark in one.body if mark in ".,"}
    if marks and len({decimal for decimal, _ in left}) > 1:
        decided = [one for one in left if one[0] in proven] if len(proven) == 1 else []
        if not decided and seen:
            decided = [one for one in left if one[0] == seen.written.decimal]
            other = [one for one in left if one[0] != seen.written.decimal]
            if _inside(column, decided[0], seen) < _inside(column, other[0], seen):
                decided = []
        if not decided and marks == {"."} and file.delimiter != ";" and "," not in proven:
            decided = [one for one in left if one[0] == "."]
        if not decided:
            return Verdict("refused", why=_ambiguous(name, column, marks))
        left = decided
    decimal, thousands = left[0] if left else (".", "")
    if not file.given.thousands and (text := _maybe_name(column)):
        line = f'thousands = {{ {_key(name)} = " " }}'
        why = f"has {text!r}, which may be a number or a name: write {line} in [data]"
        return Verdict("refused", why=why)
    used = any(thousands and thousands in one.body for one in column.numbers)
    written = Notation(decimal, thousands if used else "", column.unit, column.missing)
    if not any("," in one.body or "." in one.body for one in column.numbers):
        written = replace(written, decimal=".")
    return Verdict("number", written, words=tuple(column.words))


def _maybe_name(column: _Column) -> str:
    """Return a text of a column whose numbers all look like 555 123 456, as telephones do."""
    if len(column.numbers) == 1 and column.numbers[0].body == "999 999 999" and not column.unit:
        return column.numbers[0].examples[0]
    return ""


def _ranked(readings: Collection[Reading]) -> list[Reading]:
    return [one for one in READINGS if one in readings]


def _inside(column: _Column, reading: Reading, seen: Seen) -> int:
    """Return how many examples are in the range of the rows that trained."""
    texts = [text for one in column.numbers for text in one.examples]
    return sum(seen.low <= _value(text, reading) <= seen.high for text in texts)


def _value(text: str, reading: Reading) -> float:
    match = NUMERAL.fullmatch(text)
    body = match[5] if match else "0"
    plain = body.replace(" ", "").replace(reading[1] or " ", "").replace(reading[0], ".")
    return float(plain) * (-1 if match and (match[1] or match[3] == "-" or match[8]) else 1)


def _ambiguous(name: str, column: _Column, marks: Collection[str]) -> str:
    mark = min(marks)
    text = next(one.examples[0] for one in column.numbers if mark in one.body)
    first = _value(text, (mark, ""))
    last = _value(text, ("." if mark == "," else ",", mark))
    line = f'{{ {_key(name)} = "{mark}" }}'
    return (
        f"has {text!r}, which may be {first:.10g} or {last:.10g}: write decimal = {line} or"
        f" thousands = {line} in [data]"
    )


def _key(name: str) -> str:
    return name if re.fullmatch("[A-Za-z0-9_-]+", name) else json.dumps(name, ensure_ascii=False)


def _two_ways(numbers: Collection[_Number]) -> str:
    first, *others = numbers
    other = next((one for one in others if not one.readings & first.readings), others[-1])
    texts = f"{first.examples[0]!r} and {other.examples[0]!r}"
    return f"has numbers that are written in two ways ({texts}): write them the same way everywhere"


def _against(numbers: Collection[_Number], given: Given, name: str) -> str:
    marked = [one for one in numbers if not any(given.allows(name, way) for way in one.readings)]
    text = (marked or [*numbers])[0].examples[0]
    return (
        f"has {text!r}, which is no number with the decimal and thousands of [data]: correct them"
    )
