"""Unpacking a zip file that anybody may have made.

It is read as a list of plain files: no path that leaves it, no link, no name twice, no more bytes
than it says.
"""

from __future__ import annotations

import errno
import re
import stat
import struct
import zipfile
import zlib
from pathlib import Path
from typing import IO

from concrete_cli.errors import Damaged

PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
MOST_FILES = 1000
MOST_BYTES = 20 << 30  # of all files together
RATIO, SMALL = 200, 1 << 20  # no file shrinks more than that, but for small ones
PIECE = 1 << 20
NO_ZIP = (  # what zipfile may raise on bytes that somebody has changed
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    ValueError,
)
EXPORTED = "only a file that `concrete models export` wrote can be imported"
PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def extract(file: Path, into: Path) -> None:
    """Write the files of an archive, after a look at all of their names and sizes."""
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            _check_members(file, members)
            for member in members:
                target = into / member.filename
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                with archive.open(member) as source, target.open("xb") as written:
                    _copy(file, source, written, member.file_size)
    except NO_ZIP as error:
        raise Damaged(f"{file} is no whole zip file: {error}", help=EXPORTED) from error
    except OSError as error:
        if error.errno != errno.EINVAL:  # a place in the file that cannot be
            raise
        raise Damaged(f"{file} is no whole zip file", help=EXPORTED) from error


def _check_members(file: Path, members: list[zipfile.ZipInfo]) -> None:
    seen: set[str] = set()
    for member in members:
        name = member.orig_filename  # as it is written, also what follows a NUL
        if problem := _problem(name, member):
            raise Damaged(f"{file} is refused: {name[:100]!r} {problem}")
        if name.casefold() in seen:
            raise Damaged(f"{file} is refused: {name!r} is there twice")
        seen.add(name.casefold())
    total, packed = (
        sum(one.file_size for one in members),
        sum(one.compress_size for one in members),
    )
    if len(members) > MOST_FILES or total > MOST_BYTES:
        raise Damaged(f"{file} is refused: {len(members)} files, {total} bytes are too many")
    if packed > file.stat().st_size:
        raise Damaged(f"{file} is refused: its files overlap")


def _problem(name: str, member: zipfile.ZipInfo) -> str:
    kind = stat.S_IFMT(member.external_attr >> 16)
    if not all(PART.fullmatch(part) for part in name.split("/")):
        return "is no plain name"
    if kind not in (0, stat.S_IFREG):
        return "is no plain file"
    if member.flag_bits & 1:
        return "is encrypted"
    if member.compress_type not in PACKED:
        return "is packed in an unknown way"
    if member.file_size > max(SMALL, RATIO * member.compress_size):
        return f"is {member.file_size} bytes made of {member.compress_size}"
    return ""


def _copy(file: Path, source: IO[bytes], target: IO[bytes], size: int) -> None:
    """Copy as many bytes as were announced, and no more."""
    while piece := source.read(PIECE):
        size -= len(piece)
        if size < 0:
            raise Damaged(f"{file} is refused: it holds more than it says")
        target.write(piece)
