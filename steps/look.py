"""Look at the beginning of the data as `prepare` reads it, for `concrete check`.

Takes the arguments of `prepare`. What is refused here would be refused there; what only all rows
tell is not found out.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

import _times
import prepare
from _dialect import beginning, kind
from _files import OPENERS, files, is_sheet
from _files import opened as parts_of
from _pandas import left_out
from _step import Refused, run, write_json
from _stream import Known, Table
from _table import is_text


def parser() -> argparse.ArgumentParser:
    """Return the arguments of this script: those of `prepare`."""
    return prepare.parser()


def main(args: argparse.Namespace) -> None:
    """Write facts.json: columns and notices."""
    named = prepare.wanted_by(args).named
    with _beginning(args.source) as (path, cut), parts_of(path) as parts:
        try:
            table = Table(path, parts, Known(prepare.how_written(args)))
        except Refused as refusal:
            if cut:  # perhaps in the middle of a value
                return
            raise Refused(str(refusal).replace(str(path), str(args.source))) from refusal
        batch = _first(table)
        if not cut and path != args.source and (batch is None or batch.num_rows < 2):
            raise Refused(f"{args.source} has too few rows: there is nothing to learn from")
    index = [name for name in table.index if name not in named]
    seen = [name for name in table.names if name not in index]
    times = [name for name in seen if batch and _times.is_times(name, _plain(batch.column(name)))]
    notices = [one for one in (left_out(index), _times.notice(times)) if one]
    write_json(args.data / "facts.json", {"columns": table.names, "notices": notices})


@contextmanager
def _beginning(source: Path) -> Iterator[tuple[Path, bool]]:
    """Yield a file with the first lines of a text, and whether there are more; else the source."""
    first = files(source)[0]
    with first.open("rb") as file:
        head, cut = beginning(file, first)
    if kind(head) in OPENERS and not is_sheet(first):
        with OPENERS[kind(head)](first) as plain:
            head, cut = beginning(plain, first)
    if kind(head) != "text" or b"\0" in head:
        yield source, False
        return
    with tempfile.TemporaryDirectory(prefix="concrete-") as folder:
        path = Path(folder, first.name.partition(".")[0] + ".csv")
        path.write_bytes(head[: head.rfind(b"\n") + 1] if cut else head)
        yield path, cut


def _first(table: Table) -> Any:
    try:
        return next(table.batches(table.names, {}, 0, 1), None)
    except Refused:  # it may be what the cut has made of a value
        return None


def _plain(array: Any) -> Any:
    """Return text as numbers where all of it is numbers."""
    if not is_text(array.type):
        return array
    try:
        return pc.cast(array, pa.float64())
    except pa.ArrowInvalid:
        return array


if __name__ == "__main__":
    run(parser, main)
