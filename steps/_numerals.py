"""How the numbers of a column are written: 1,234.5 and 1.234,5 and 1 234,5 kg and (12) and 12 %.

The texts of a column are counted by their shape, in which every digit but a leading zero is a 9: a
column of a million numbers has a handful. A shape allows some readings of its marks; what all
shapes of a column allow is how its numbers are written. Where readings are left that differ in
value (1,234 in every row), the other columns of the file decide, or else it is refused.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from _units import CURRENCIES

MOSTLY = 0.5
EXAMPLES = 20  # texts that are kept of each shape
SAMPLE = 1000  # of the first numbers: most columns show at once what they are
THOUSANDTH = 1e-6  # of a number that has at most three decimals
MOST_WORDS = 1000  # texts of a column that are no numbers, kept one by one

# As both Python and Arrow (RE2) take it, but for what a letter is.
_CURRENCY = "|".join(map(re.escape, CURRENCIES))
_PATTERN = (
    rf"(\(?)((?:{_CURRENCY})?) ?([+-]?) ?((?:{_CURRENCY})?) ?"
    r"([0-9]+(?:[.,' ][0-9]+)*[.,]?|[.,][0-9]+)((?:[eE][+-]?[0-9]+)?) ?"
    "((?:(?:[%\u2030\u00b0$\u20ac\u00a3\u00a5\u20b9\u20bd]|LETTER)"
    "(?:LETTER|[0-9/^*\u00b7\u00b2\u00b3.%])*)?)"
    r"(-?)(\)?)"
)
NUMERAL = re.compile(_PATTERN.replace("LETTER", r"[^\W\d_]"))
NUMERAL_IN_ARROW = f"^(?:{_PATTERN.replace('LETTER', chr(92) + 'pL')})$"
PLAIN = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$|^[+-]?(?i:inf|infinity)$"
MONTH = r"(?:jan|feb|m[a\u00e4]r|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz])[^\W\d_]*\.?"
CLOCK = r"\d{1,2}[:.h]\d{2}(?:[:.]\d{2}(?:[.,]\d+)?)?(?: ?[ap]\.?m\.?)?(?: ?z| ?[+-]\d{2}:?\d{2})?"
DATE = re.compile(
    rf"(?:(?:\d{{4}}[-./]\d{{1,2}}(?:[-./]\d{{1,2}})?\.?|\d{{1,2}}([-./])\d{{1,2}}\1(?:\d{{4}}|\d{{2}})"
    rf"|\d{{1,2}}[-. /]*{MONTH}[-. ,/]*\d{{2,4}}|{MONTH} \d{{1,2}},? \d{{4}})(?:(?:t|,? ){CLOCK})?"
    r"|\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?[ap]\.?m\.?)?)",
    re.IGNORECASE,
)

Reading = tuple[str, str]  # the decimal mark, and what separates thousands
READINGS: tuple[Reading, ...] = (
    *((".", ""), (",", "")),
    *((".", ","), (",", ".")),
    *((".", " "), (",", " ")),
    *((".", "'"), (",", "'")),
)


@dataclass(frozen=True)
class Notation:
    """How the numbers of a column are written; `missing` are the texts that mean no value."""

    decimal: str = "."
    thousands: str = ""
    unit: str = ""
    missing: tuple[str, ...] = ()

    def facts(self) -> dict[str, Any]:
        """Return what differs from plain numbers, for JSON."""
        usual = Notation()
        found = {name: value for name, value in vars(self).items() if value != vars(usual)[name]}
        return {name: [*value] if name == "missing" else value for name, value in found.items()}

    def told(self) -> str:
        """Return what differs from plain numbers, in words."""
        said = []
        if self.decimal != ".":
            said.append("with decimal commas")
        if self.thousands:
            said.append(f"with {self.thousands!r} between thousands")
        if self.unit:
            said.append(f"without their unit, {self.unit!r}")
        if self.missing:
            said.append(f"with {' and '.join(map(repr, self.missing))} as missing values")
        return " and ".join(said)


def notation(facts: Mapping[str, Any] | None) -> Notation:
    """Return the notation that `facts` came from."""
    given = facts or {}
    return Notation(**{**given, "missing": tuple(given.get("missing", ()))})


@dataclass(frozen=True)
class Given:
    """What the experiment says of how numbers are written: for all columns, or by name."""

    decimal: str | Mapping[str, str] | None = None
    thousands: str | Mapping[str, str] | None = None
    missing_markers: tuple[str, ...] = ()

    def allows(self, name: str, reading: Reading) -> bool:
        """Whether a column may be read so."""
        decimal, thousands = _of(self.decimal, name), _of(self.thousands, name)
        return (decimal is None or reading[0] == decimal) and (
            thousands is None or reading[1] == thousands
        )


def _of(given: str | Mapping[str, str] | None, name: str) -> str | None:
    return given if given is None or isinstance(given, str) else given.get(name)


@dataclass
class Shape:
    """What is known of the texts of one shape."""

    count: int = 0
    examples: list[str] = field(default_factory=list)


class Tally:
    """Counts the texts of a column: numbers by their shape, and words."""

    def __init__(self) -> None:
        self.shapes: dict[str, Shape] = {}
        self.words: dict[str, int] = {}
        self.distinct = 0  # numbers that differ, at most: those of each array that was added
        self.more = 0  # rows with words beyond the most that are kept

    def add(self, array: Any) -> None:
        """Count the texts of an array."""
        counted = pc.value_counts(cleaned(array).drop_null())
        texts, counts = counted.field("values"), counted.field("counts")
        numeral = pc.match_substring_regex(texts, NUMERAL_IN_ARROW)
        self._words(texts.filter(pc.invert(numeral)), counts.filter(pc.invert(numeral)))
        self._numerals(texts.filter(numeral), np.asarray(counts.filter(numeral)))

    def _words(self, texts: Any, counts: Any) -> None:
        room = MOST_WORDS - len(self.words)
        for text, count in zip(texts[:room].to_pylist(), counts[:room].to_pylist(), strict=True):
            if text:
                self.words[text] = self.words.get(text, 0) + count
        self.more += pc.sum(counts[room:]).as_py() or 0

    def _numerals(self, texts: Any, counts: Any) -> None:
        self.distinct += len(texts)
        encoded = pc.dictionary_encode(_shapes(texts))
        codes = np.asarray(encoded.indices)
        order = np.argsort(codes, kind="stable")
        ends = np.cumsum(np.bincount(codes, minlength=len(encoded.dictionary)))
        sums = np.bincount(codes, weights=counts, minlength=len(encoded.dictionary))
        for number, text in enumerate(encoded.dictionary.to_pylist()):
            shape = self.shapes.setdefault(text, Shape())
            shape.count += int(sums[number])
            begin = ends[number - 1] if number else 0
            room = EXAMPLES - len(shape.examples)
            rows = order[begin : min(begin + room, ends[number])]
            shape.examples += texts.take(pa.array(rows)).to_pylist()


def cleaned(array: Any) -> Any:
    """Return text without blanks around it; empty text is missing, rare signs become common."""
    text = pc.utf8_trim_whitespace(array)
    if isinstance(text, pa.ChunkedArray):
        text = text.combine_chunks()
    text = pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
    if pc.all(pc.string_is_ascii(text)).as_py() is not False:
        return text
    text = pc.replace_substring_regex(text, "[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]", " ")
    text = pc.replace_substring_regex(text, "[\u2212\ufe63\uff0d]", "-")
    text = pc.replace_substring_regex(text, "^([^0-9]{0,4})[\u2010-\u2013] ?([0-9.,])", r"\1-\2")
    text = pc.replace_substring_regex(text, "([0-9])[\u2019\u02bc\u00b4\u2018]([0-9])", r"\1'\2")
    strange = pc.match_substring_regex(text, r"[^\P{Nd}0-9]")
    if pc.any(strange).as_py():
        return pa.array(map(_common_digits, text.to_pylist()), pa.string())
    return text


def _common_digits(text: str | None) -> str | None:
    """Return text whose digits, of whatever script, are 0 to 9."""
    if text is None or text.isascii():
        return text
    points = text.replace("\u066b", ".").replace("\u066c", ",")
    return "".join(str(unicodedata.decimal(one, one)) for one in points)


def _shapes(texts: Any) -> Any:
    """Return numbers with a 9 for every digit but a leading zero; units stay as they are."""
    parts = pc.extract_regex(texts, r"^(?P<digits>[^0-9]*[0-9][0-9.,' ]*)(?P<rest>(?s:.*))$")
    digits = pc.replace_substring_regex(parts.field("digits"), "[1-9]", "9")
    digits = pc.replace_substring_regex(digits, "^([^0-9]*)0", "\\1\x01")
    digits = pc.replace_substring(digits, "0", "9")
    digits = pc.replace_substring(digits, "\x01", "0")
    return pc.binary_join_element_wise(digits, parts.field("rest"), "")


def maybe_thousands(values: Any) -> bool:
    """Whether numbers with points may be 1.234 for 1234 throughout: three decimals, 1 to 999."""
    return _three(values[:SAMPLE]) and _three(values)


def _three(values: Any) -> bool:
    sizes = np.abs(values)
    scaled = sizes * 1000
    even = np.abs(scaled - np.round(scaled)) <= THOUSANDTH
    whole = sizes == np.floor(sizes)
    return bool(np.all((sizes >= 1) & even & (whole | (sizes < 1000)) | (sizes == 0)))


def number_in(text: str) -> float | None:
    """Return the plain number that a text is, if it is one: -999, as a mark of missing values."""
    return float(text) if re.fullmatch(PLAIN, text) else None


def numbers(array: Any, written: Notation) -> tuple[Any, Any]:
    """Return the numbers of a text column, and a mask of the rows whose text is none."""
    encoded = pc.dictionary_encode(
        array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    )
    text = _plain(encoded.dictionary, written)
    good = pc.fill_null(pc.match_substring_regex(text, PLAIN), True)  # noqa: FBT003  pyarrow
    values = pc.cast(pc.if_else(good, text, pa.scalar(None, pa.string())), pa.float64())
    indices = encoded.indices
    wrong = pc.fill_null(pc.take(pc.invert(good), indices), False)  # noqa: FBT003  pyarrow
    return pc.take(values, indices), np.asarray(wrong)


def _plain(texts: Any, written: Notation) -> Any:
    """Return texts with numbers as Arrow reads them; those that are none are left as they are."""
    text = cleaned(texts)
    if written.missing:
        marked = pc.is_in(text, pa.array(written.missing, pa.string()))
        text = pc.if_else(marked, pa.scalar(None, pa.string()), text)
    if pc.all(pc.match_substring_regex(text, PLAIN)).as_py() and written.decimal == ".":
        return text
    plain = text
    if written.unit:
        plain = pc.replace_substring(plain, written.unit, "", max_replacements=1)
    plain = pc.utf8_trim_whitespace(plain)
    plain = pc.replace_substring_regex(plain, r"^\((.*)\)$", r"-\1")
    plain = pc.replace_substring_regex(plain, "^(.*[0-9.,]) ?-$", r"-\1")
    fits = pc.match_substring_regex(plain, _body(written))
    for mark in {" ", written.thousands} - {""}:
        plain = pc.replace_substring(plain, mark, "")
    if written.decimal == ",":
        plain = pc.replace_substring(plain, ",", ".")
    return pc.if_else(fits, plain, text)


def _body(written: Notation) -> str:
    """Return the pattern of a number of a notation, without its unit and brackets."""
    whole, decimal = "[0-9]+", re.escape(written.decimal)
    if written.thousands:
        mark = re.escape(written.thousands)
        indian = "[0-9]{1,2}(?:,[0-9]{2})*,[0-9]{3}|" if mark == "," else ""
        whole = f"(?:[0-9]{{1,3}}(?:{mark}[0-9]{{3}})+|{indian}[0-9]+)"
    return f"^[+-]? ?(?:{whole}(?:{decimal}[0-9]*)?|{decimal}[0-9]+)(?:[eE][+-]?[0-9]+)?$"
