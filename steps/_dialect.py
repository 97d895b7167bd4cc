"""How a CSV file is written: its encoding, what separates values, where its rows begin.

Needs the standard library alone, so that `concrete check` finds what the steps find.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO

from _step import Refused

BOMS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",  # begins like the next one
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
DELIMITERS = ",;\t|"
BLOCK = 1 << 20
LONGEST = 64 << 20  # bytes of a line
LONGEST_HEADER = 16 << 20
SAMPLE = 100  # records by which delimiters are compared
SEP = re.compile(r'\s*"?sep=(.)"?[ \t]*(?:\r\n|\r|\n)', re.IGNORECASE)
NUMBER = re.compile(r"\s*[(+-]?[^\w\s]?\s*[0-9][0-9.,'\s]*([eE][+-]?[0-9]+)?\s*[%)]?\s*")
APOSTROPHES = re.compile(r"\s*'[^'\"]*'([,;\t|]'[^'\"]*')+[ \t]*[\r\n]")
CONTROL = re.compile(rb"[\x01-\x08\x0e-\x19\x1b-\x1f]")
MAGIC = {
    b"PAR1": "Parquet",
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\x28\xb5\x2f\xfd": "Zstandard",
    b"\xfd7zXZ\0": "xz",
    b"PK\x03\x04": "zip",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "Excel 97",
    b"ARROW1": "Arrow",
    b"%PDF": "PDF",
    b"SQLite format 3\0": "SQLite",
    b"\x89HDF": "HDF5",
}


@dataclass(frozen=True)
class Dialect:
    """How one CSV file is written; its rows begin at byte `begin`, after the header.

    `columns` are the names in the header; the last is empty where every line ends in a delimiter.
    """

    encoding: str
    delimiter: str
    quote: str
    columns: tuple[str, ...]
    begin: int
    longest: int = 0
    width: int = 1  # bytes of a value and what follows it, about
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """The columns without the one that a delimiter at the end of each line makes."""
        return [*self.columns[:-1]] if self.trailing else [*self.columns]

    @property
    def trailing(self) -> bool:
        """Whether every line ends in a delimiter."""
        return len(self.columns) > 1 and self.columns[-1] == ""

    @property
    def divisible(self) -> bool:
        """Whether a line end is the same byte in all places, so that parts can be cut."""
        return self.encoding in {"utf-8", "ascii", "latin-1"} or self.encoding.startswith(
            ("cp125", "iso8859", "koi8", "mac-")
        )


def kind(head: bytes) -> str:
    """Return what a file is by its first bytes: `text`, or the name of a format, or `binary`."""
    for magic, name in MAGIC.items():
        if head.startswith(magic):
            return name
    if head.startswith(tuple(BOMS)) or _wide(head):
        return "text"
    strange = len(CONTROL.findall(head))
    return "binary" if b"\0" in head or 100 * strange > len(head) else "text"


def find(path: Path, shown: Path, delimiter: str = "", encoding: str = "") -> Dialect:
    """Return the dialect of a CSV file that is called `shown`; all of it is looked at.

    What is given is believed.
    """
    with path.open("rb") as file:
        head, cut = beginning(file, shown)
    name = shown.name
    _check_text(head, shown)
    code, bom, longest, notes = _encoding(path, shown, head, encoding)
    begin, columns, mark, quote, rows = _header(head, code, bom, delimiter, cut=cut)
    if not columns:
        raise Refused(f"{shown} is empty: it needs a header line")
    if not rows:
        raise Refused(f"{shown} has a header but no rows")
    if mark not in {",", delimiter}:
        notes.append(f"{name} is separated by {mark!r}, not by commas")
    if quote != '"':
        notes.append(f"{name} has values in {quote!r}")
    width = max(1, len(head) // max(1, head.count(mark.encode()) + head.count(b"\n")))
    return Dialect(code, mark, quote, tuple(columns), begin, longest, width, tuple(notes))


def columns(head: bytes, delimiter: str = "", encoding: str = "", *, cut: bool) -> list[str]:
    """Return the names in the header at the beginning of a file, of which some may be `cut` off."""
    mark = next((bom for bom in BOMS if head.startswith(bom)), b"")
    code = _code(encoding, head) or BOMS.get(mark) or _wide(head) or "utf-8"
    try:
        names = _header(head, code, len(mark), delimiter, cut=cut)[1]
    except UnicodeDecodeError:
        names = _header(head, "cp1252", 0, delimiter, cut=cut)[1]
    return names[:-1] if len(names) > 1 and not names[-1] else names


def beginning(file: IO[bytes], shown: Path) -> tuple[bytes, bool]:
    """Return the first lines of a file, and whether there are more; a long one is refused."""
    head = file.read(BLOCK)
    ended = _ended(head)
    while not ended and (more := file.read(BLOCK)):
        head += more
        ended = b"\n" in more or b"\r" in more
        if len(head) > LONGEST_HEADER and not ended:
            raise Refused(
                f"{shown} has a header of more than {LONGEST_HEADER >> 20} MB: is it CSV?"
            )
    return head, bool(file.read(1))


def _ended(head: bytes) -> bool:
    line = head.lstrip(b"\0\r\n\xff\xfe\xef\xbb\xbf")
    return b"\n" in line or b"\r" in line


def _check_text(head: bytes, shown: Path) -> None:
    if not head.strip(b"\0 \r\n\t\xff\xfe\xef\xbb\xbf"):
        raise Refused(f"{shown} is empty: it needs a header line and rows")
    found = kind(head)
    if found != "text":
        what = "not text" if found == "binary" else f"not text but {found}"
        raise Refused(f"{shown} is {what}: save it as CSV in UTF-8, or as Parquet")


def _wide(head: bytes) -> str:
    """Return UTF-16 where every other byte of the first line is a NUL, as without a BOM."""
    first = head[:400]
    if len(first) < 4 or b"\0" not in first:
        return ""
    if not any(first[::2]) and all(first[1::2]):
        return "utf-16-be"
    return "utf-16-le" if not any(first[1::2]) and all(first[::2]) else ""


def _encoding(path: Path, shown: Path, head: bytes, given: str) -> tuple[str, int, int, list[str]]:
    """Return the encoding, the length of its mark, the longest line, and notes."""
    mark = next((bom for bom in BOMS if head.startswith(bom)), b"")
    wide = BOMS.get(mark, "") or _wide(head)
    if code := _code(given, head):
        return code, len(mark), _scan(path, shown, code), []
    if wide:
        return wide, len(mark), _scan(path, shown, wide), []
    try:
        return "utf-8", 0, _scan(path, shown, "utf-8"), []
    except UnicodeDecodeError:
        pass
    try:
        longest = _scan(path, shown, "cp1252")
    except UnicodeDecodeError as error:
        raise Refused(
            f"{shown} is neither UTF-8 nor Windows-1252 ({error.reason}): write its encoding in"
            ' [data], such as encoding = "cp1250"'
        ) from None
    note = f"{shown.name} is not UTF-8: read as Windows-1252, check names and texts with accents"
    return "cp1252", 0, longest, [note]


def _code(given: str, head: bytes) -> str:
    """Return the name under which Python and Arrow know the encoding that is given, if one is."""
    if not given:
        return ""
    code = codecs.lookup(given).name
    if code in {"utf-16", "utf-32"}:
        mark = next((bom for bom in BOMS if head.startswith(bom)), b"")
        return BOMS.get(mark) or _wide(head) or f"{code}-le"
    return {"utf-8-sig": "utf-8", "iso8859-1": "latin-1"}.get(code, code)


def _scan(path: Path, shown: Path, code: str) -> int:
    """Decode all of a file, and return the length of its longest line in bytes, about."""
    decoder = codecs.getincrementaldecoder(code)()
    longest = line = 0
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            decoder.decode(block)
            end = max(block.rfind(b"\n"), block.rfind(b"\r"))
            if end < 0:
                line += len(block)
            else:
                ends = [at for at in (block.find(b"\n"), block.find(b"\r")) if at >= 0]
                longest, line = max(longest, line + min(ends)), len(block) - end
            if line > LONGEST:
                raise Refused(f"{shown} has a line of more than {LONGEST >> 20} MB: is it CSV?")
        decoder.decode(b"", final=True)
    return max(longest, line)


def _header(
    head: bytes, code: str, mark: int, delimiter: str, *, cut: bool
) -> tuple[int, list[str], str, str, bool]:
    """Return where the rows begin, the columns, what separates, what quotes, and if there are rows.

    `mark` is the length of the mark that says how the file is encoded.
    """
    text = codecs.getincrementaldecoder(code)().decode(head[mark:], final=not cut)
    end = max(text.rfind("\n"), text.rfind("\r")) + 1
    text = text[:end] if cut and end else text
    skipped, found = 0, SEP.match(text)
    if found:
        skipped, delimiter = found.end(), delimiter or found[1]
    sample = text[skipped:]
    quote = "'" if APOSTROPHES.match(sample) else '"'
    delimiter = delimiter or _delimiter(sample, quote)
    lines = _Lines(sample)
    rows = filter(_holds, csv.reader(lines, delimiter=delimiter, quotechar=quote))
    names = [one.strip() for one in next(rows, [])]
    begin = mark + len(text[: skipped + lines.read].encode(code))
    sampled = [*islice(rows, SAMPLE)]
    return begin, _trailing(names, sampled), delimiter, quote, bool(sampled)


class _Lines:
    """The lines of a text, with their ends; `read` characters of it have been taken."""

    def __init__(self, text: str) -> None:
        self._lines = io.StringIO(text, newline="")
        self.read = 0

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self.read += len(line)
            yield line


def _holds(row: Sequence[str]) -> bool:
    return any(map(str.strip, row))


def _delimiter(text: str, quote: str) -> str:
    """Return what splits the lines evenly, and best into numbers; what is in quotes is whole."""
    best, found = (0.0, 0.0, 0), DELIMITERS[0]
    for mark in DELIMITERS:
        records = csv.reader(_Lines(text), delimiter=mark, quotechar=quote)
        try:
            rows = [*islice(filter(_holds, records), SAMPLE + 1)]
        except csv.Error:  # a long line that this mark does not split
            continue
        names = rows.pop(0) if rows else []
        if len(names) < 2:
            continue
        even = sum(len(row) == len(names) for row in rows) / len(rows) if rows else 1
        cells = [cell for row in rows for cell in row[:SAMPLE]]
        numbers = sum(bool(NUMBER.fullmatch(cell)) for cell in cells) / len(cells) if rows else 0
        rank = (round(even, 1), round(numbers, 2), len(names))
        if rank > best:
            best, found = rank, mark
    return found


def _trailing(names: list[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the columns that the rows have, the last without a name where lines end in one."""
    if rows and len(names) > 1 and not names[-1] and all(len(row) < len(names) for row in rows):
        return names[:-1]
    if rows and all(len(row) == len(names) + 1 and not row[-1].strip() for row in rows):
        return [*names, ""]
    return names
