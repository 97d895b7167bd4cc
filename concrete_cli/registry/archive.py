"""A version of a model as a zip file, and back. What comes in is believed in nothing.

It is unpacked with care (unzip.py), its sums are checked, its model is looked into, and the version
gets a number of this registry.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from concrete_cli import digest, disk, documents, formats, home, permissions, syncing
from concrete_cli.errors import Damaged, NotFound, UsageError, no_file
from concrete_cli.registry import facts, unzip
from concrete_cli.registry import file as model_file
from concrete_cli.registry.models import FORMAT, RECORD, Models, Version, check_name

LINEAGE = "lineage.json"  # all that is ever added to what makes a version the same or another one
FOR_ALL = 0o444
EPOCH = (1980, 1, 1, 0, 0, 0)
# What version.json may say of where a version comes from; all else is found out here.
FACTS = ("run", "experiment")


def export(version: Version, file: Path) -> None:
    """Write a version to a zip file, which must not exist; equal versions give equal bytes."""
    if damage := version.damage():
        raise Damaged(f"model {version.ref} is damaged: {damage}")
    if file.exists():
        raise UsageError(f"{file} exists already", help="remove it, or name another file")
    if not file.absolute().parent.is_dir():
        folder = file.absolute().parent
        raise NotFound("folder", str(folder), help=f"make it first: mkdir -p {folder}")
    handle, scratch = tempfile.mkstemp(dir=file.absolute().parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "wb") as raw, zipfile.ZipFile(raw, "w") as archive:
            for name in sorted(digest.of_files(version.path)):
                info = zipfile.ZipInfo(name, EPOCH)
                info.compress_type = zipfile.ZIP_DEFLATED
                info.external_attr = (stat.S_IFREG | FOR_ALL) << 16
                with (version.path / name).open("rb") as source, archive.open(info, "w") as target:
                    shutil.copyfileobj(source, target, unzip.PIECE)
        permissions.give(Path(scratch)).replace(file)
        syncing.bring(file)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise


def bring(models: Models, file: Path, name: str = "", *, trust: bool = False) -> Version:
    """Make a version of an exported one; it keeps its name unless another is given.

    A model of a class of somebody's own carries their code, which runs when it is loaded: `trust`
    allows it. Nothing of it runs here and now.
    """
    if not file.is_file():
        raise no_file(file)
    scratch = models.home / "tmp" / f"import-{uuid.uuid4().hex}"
    with home.in_use(models.home):
        try:
            scratch.mkdir(mode=0o700, parents=True)
            unzip.extract(file, scratch)
            record = _checked(file, scratch)
            check_model(file, scratch, trust=trust)
            added = {one: (scratch / one).read_text("utf-8") for one in record["added"]}
            for one in (*added, RECORD):
                (scratch / one).unlink()
            said: dict[str, Any] = {key: record[key] for key in FACTS if record.get(key)}
            said["imported"] = {"name": record["name"], "version": record["number"]}
            return models.publish(check_name(name or str(record["name"])), scratch, said, added)
        finally:
            disk.remove(scratch)


def _checked(file: Path, folder: Path) -> dict[str, Any]:
    """Return the record of an extracted version whose files are those that it lists."""
    with _reading(file):
        record = documents.read(folder / RECORD, formats.VERSION, name=f"{file}: {RECORD}")
        files, added = record["files"], record["added"]
        if record["format"] not in (1, FORMAT):
            raise Damaged(f"{file} has format {record['format']}, not {FORMAT}")
        found = digest.of_files(folder)
        found.pop(RECORD)
        wrong = sorted(name for name in files | found if files.get(name) != found.get(name))
        if wrong:
            raise Damaged(f"{file} is damaged: {wrong[0]!r} is not the file that was exported")
        if not set(added) <= {LINEAGE} & set(files):
            raise ValueError("added")
    return record


def check_model(file: Path, folder: Path, *, trust: bool) -> None:
    """Look into the model: which files there are, whose classes it holds, whose code it brings."""
    with _reading(file):
        manifest = _documents(file, folder)
        model_file.check_trust(str(file), folder, manifest, trust=trust)
        model_file.imports(str(file), manifest)
    if strange := model_file.of_no_kind(digest.of_files(folder)):
        raise Damaged(f"{file} is refused: {strange[0]} is not a file that belongs to a model")
    model_file.check(folder / "model.skops", manifest)


@contextlib.contextmanager
def _reading(file: Path) -> Iterator[None]:
    """Say of whatever goes wrong that the file is no export."""
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        told = f"{type(error).__name__}: {error}"[:200]
        raise Damaged(f"{file} is no exported model ({told})") from error


def _documents(file: Path, folder: Path) -> dict[str, Any]:
    """Check every document of a version; return its manifest."""
    for name, expected in formats.OF_A_MODEL.items():
        facts.read(folder, name, expected, str(file))
    return documents.read(folder / "manifest.json", formats.MANIFEST, name=f"{file}: manifest.json")
