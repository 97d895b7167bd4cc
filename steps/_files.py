"""The files that a source is made of: one, or those of a data set; what is packed is unpacked.

Hidden files, `_SUCCESS` and READMEs beside the data are none of it. Files such as part-0001.csv,
and those in folders such as year=2024/, are one data set.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote

from _dialect import beginning, columns, kind
from _step import Refused

TABLES = (".csv", ".tsv", ".txt", ".parquet", ".pq")
SHEETS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
PACKED = (".gz", ".zip", ".zst", ".bz2", ".xz")
BESIDE = re.compile(r"[._]|readme|license|licence|__macosx", re.IGNORECASE)
PART = re.compile(r"part[-.]?\d|.*-of-\d", re.IGNORECASE)
NOTHING = "__HIVE_DEFAULT_PARTITION__"
BLOCK = 1 << 20
DEPTH = 3  # of packed files in packed files


@dataclass(frozen=True)
class Part:
    """A file with rows: `shown` is its name, `path` where it is read, `keys` what folders say."""

    shown: Path
    path: Path
    format: str  # csv, Parquet, sheet
    keys: tuple[tuple[str, str | None], ...] = ()


@contextmanager
def opened(source: Path) -> Iterator[list[Part]]:
    """Yield the parts of a source in order; what is packed is unpacked until the end."""
    found = files(source)
    with tempfile.TemporaryDirectory(prefix="concrete-") as scratch:
        parts = []
        for number, path in enumerate(found):
            into = Path(scratch, str(number))
            part = _unpacked(Part(path, path, ""), into)
            parts.append(replace(part, keys=_keys(path.relative_to(source).parts[:-1])))
        if len({part.format for part in parts}) > 1:
            raise Refused(f"{source} is a folder with files of several formats: name one of them")
        yield parts


def names(source: Path, delimiter: str, encoding: str) -> list[str]:
    """Return the columns of a source as far as its beginning tells them; none where it is no CSV.

    Quick: at most a few MB are read, and unpacked in memory.
    """
    first = files(source)[0]
    with first.open("rb") as file:
        head, cut = beginning(file, first)
    packed = kind(head)
    if packed in OPENERS and packed != "Zstandard" and not is_sheet(first):
        with OPENERS[packed](first) as plain:
            head, cut = beginning(plain, first)
    if kind(head) != "text":
        return []
    found = columns(head, delimiter, encoding, cut=cut)
    keys = _keys(first.relative_to(source).parts[:-1])
    return [*found, *(key for key, _ in keys if key not in found)]


def divisible(path: Path) -> bool:
    """Whether parts of a file can be read without the rest."""
    with path.open("rb") as file:
        return kind(file.read(BLOCK)) in {"text", "Parquet"}


def files(source: Path) -> list[Path]:
    """Return the data files of a source, in order."""
    if not source.is_dir():
        if not source.is_file():
            raise Refused(f"{source} does not exist: check `source` in [data]")
        return [source]
    found = [path for path in sorted(source.iterdir()) if path.is_file() and is_data(path.name)]
    if not found:
        below = (path.relative_to(source) for path in sorted(source.rglob("*")) if path.is_file())
        found = [
            source / path
            for path in below
            if is_data(path.name) and len(_keys(path.parts[:-1])) == len(path.parts) - 1
        ]
        parted = True
    else:
        parted = all(PART.match(path.name) for path in found)
    if not found or (len(found) > 1 and not parted):
        raise Refused(f"{source} is a folder with {len(found)} data files: name one of them")
    return found


def is_data(name: str) -> bool:
    """Whether a file of this name holds rows."""
    return not BESIDE.match(name) and name.lower().endswith((*TABLES, *SHEETS, *PACKED))


def _keys(folders: tuple[str, ...]) -> tuple[tuple[str, str | None], ...]:
    pairs = [folder.partition("=") for folder in folders if "=" in folder]
    return tuple((key, None if value == NOTHING else unquote(value)) for key, _, value in pairs)


def _unpacked(part: Part, into: Path, depth: int = DEPTH) -> Part:
    with part.path.open("rb") as file:
        format_ = kind(file.read(BLOCK))
    if format_ == "zip" and is_sheet(part.path):
        return replace(part, format="sheet")
    if format_ in {"Parquet", "Excel 97"}:
        return replace(part, format="sheet" if format_ == "Excel 97" else format_)
    if format_ not in OPENERS or not depth:
        return replace(part, format="csv")
    inner = into.with_name(f"{into.name}-{depth}")
    try:
        with OPENERS[format_](part.path) as packed, inner.open("wb") as plain:
            shutil.copyfileobj(packed, plain, BLOCK)
    except (Refused, OSError, EOFError, lzma.LZMAError, zipfile.BadZipFile, RuntimeError) as error:
        raise Refused(f"{part.shown} cannot be unpacked: {error}") from error
    return _unpacked(replace(part, path=inner), into, depth - 1)


def is_sheet(path: Path) -> bool:
    """Whether a zip file is a spreadsheet."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if "mimetype" in names:
                return b"opendocument.spreadsheet" in archive.read("mimetype")
    except (zipfile.BadZipFile, OSError):
        return False
    return "[Content_Types].xml" in names and any(name.startswith("xl/") for name in names)


@contextmanager
def _zip(path: Path) -> Iterator[IO[bytes]]:
    with zipfile.ZipFile(path) as archive:
        names = [
            one.filename
            for one in archive.infolist()
            if not one.is_dir() and not any(map(BESIDE.match, one.filename.split("/")))
        ]
        if len(names) != 1:
            shown = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
            raise Refused(f"it holds {len(names)} files ({shown}): name one of them")
        with archive.open(names[0]) as file:
            yield file


def _zstd(path: Path) -> Any:
    import pyarrow as pa

    return pa.CompressedInputStream(pa.OSFile(str(path)), "zstd")


OPENERS: dict[str, Callable[[Path], Any]] = {
    "gzip": gzip.GzipFile,
    "bzip2": bz2.BZ2File,
    "xz": lzma.LZMAFile,
    "zip": _zip,
    "Zstandard": _zstd,
}
