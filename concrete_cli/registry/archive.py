"""A version of a model as a zip file, and back. What comes in is believed in nothing.

An archive is read as a list of plain files: no path that leaves it, no link, no name twice, no more
bytes than it says. Then its sums are checked, and the version gets a number of this registry.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import shutil
import stat
import struct
import tempfile
import uuid
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from concrete_cli import digest, disk, home
from concrete_cli.errors import Damaged, NotFound, UsageError
from concrete_cli.registry import file as model_file
from concrete_cli.registry.models import FORMAT, RECORD, Models, Version, check_name

PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
MOST_FILES = 1000
MOST_BYTES = 20 << 30  # of all files together
MOST_TEXT = 64 << 20  # of a JSON file
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
PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
EPOCH = (1980, 1, 1, 0, 0, 0)
RESERVED = ("name", "number", "created", "content", "added", "files", "format")


def export(version: Version, file: Path) -> None:
    """Write a version to a zip file, which must not exist; equal versions give equal bytes."""
    if damage := version.damage():
        raise Damaged(f"model {version.ref} is damaged: {damage}")
    if file.exists():
        raise UsageError(f"{file} exists already", help="remove it, or name another file")
    if not file.absolute().parent.is_dir():
        raise NotFound("folder", str(file.absolute().parent))
    handle, scratch = tempfile.mkstemp(dir=file.absolute().parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "wb") as raw, zipfile.ZipFile(raw, "w") as archive:
            for name in sorted(digest.of_files(version.path)):
                info = zipfile.ZipInfo(name, EPOCH)
                info.compress_type = zipfile.ZIP_DEFLATED
                info.external_attr = (stat.S_IFREG | disk.READ) << 16
                with (version.path / name).open("rb") as source, archive.open(info, "w") as target:
                    shutil.copyfileobj(source, target, PIECE)
        Path(scratch).replace(file)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise


def bring(models: Models, file: Path, name: str = "", *, trust: bool = False) -> Version:
    """Make a version of an exported one; it keeps its name unless another is given.

    A model of a class of somebody's own carries their code, which runs when it is loaded: `trust`
    allows it. Nothing of it runs here and now.
    """
    if not file.is_file():
        raise NotFound("file", str(file))
    scratch = models.home / "tmp" / f"import-{uuid.uuid4().hex}"
    with home.in_use(models.home):
        try:
            scratch.mkdir(mode=0o700, parents=True)
            _extract(file, scratch)
            record = _checked(file, scratch)
            check_model(file, scratch, trust=trust)
            added = {one: (scratch / one).read_text("utf-8") for one in record["added"]}
            for one in (*added, RECORD):
                (scratch / one).unlink()
            facts = {key: value for key, value in record.items() if key not in RESERVED}
            facts["imported"] = {"name": record["name"], "version": record["number"]}
            return models.publish(check_name(name or str(record["name"])), scratch, facts, added)
        finally:
            disk.remove(scratch)


def _extract(file: Path, into: Path) -> None:
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
        raise Damaged(f"{file} is no whole zip file: {error}") from error
    except OSError as error:
        if error.errno != errno.EINVAL:  # a place in the file that cannot be
            raise
        raise Damaged(f"{file} is no whole zip file") from error


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


def _checked(file: Path, folder: Path) -> dict[str, Any]:
    """Return the record of an extracted version whose files are those that it lists."""
    with _reading(file):
        record = dict(_json(folder / RECORD))
        files, added = dict(record["files"]), list(record["added"])
        if record["format"] != FORMAT:
            raise Damaged(f"{file} has format {record['format']}, not {FORMAT}")
        found = digest.of_files(folder)
        found.pop(RECORD)
        wrong = sorted(name for name in files | found if files.get(name) != found.get(name))
        if wrong:
            raise Damaged(f"{file} is damaged: {wrong[0]!r} is not the file that was exported")
        plain = all(isinstance(name, str) and "/" not in name for name in added)
        if not (plain and set(added) <= set(files)) or {"manifest.json", "model.skops"} & {*added}:
            raise ValueError("added")
    return record


def check_model(file: Path, folder: Path, *, trust: bool) -> None:
    """Look into the model: whose classes it is made of, and whose code comes with it."""
    with _reading(file):
        manifest = _json(folder / "manifest.json")
        own = model_file.own_classes(manifest)
        code = model_file.own_code(folder, manifest)
    if (own or code) and not trust:
        carried = f" and carries its code ({', '.join(code)})" if code else ""
        raise UsageError(
            f"{file} holds a model of {', '.join(own) or 'no own class'}{carried}:"
            " whoever loads it runs that code",
            help="read it first; if you trust whose it is, say --trust-code",
        )
    model_file.check(folder / "model.skops", manifest)


@contextlib.contextmanager
def _reading(file: Path) -> Iterator[None]:
    """Say of whatever goes wrong that the file is no export."""
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        told = f"{type(error).__name__}: {error}"[:200]
        raise Damaged(f"{file} is no exported model ({told})") from error


def _json(path: Path) -> Any:
    if path.stat().st_size > MOST_TEXT:
        raise ValueError(f"{path.name} is too large")
    return json.loads(path.read_text(encoding="utf-8"))
