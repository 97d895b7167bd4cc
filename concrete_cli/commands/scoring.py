"""From new rows to predictions: which model, which rows, where the answers go."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO

from concrete_cli import documents, formats, lines, payload, permissions, processors, syncing
from concrete_cli.backend import Backend
from concrete_cli.commands import wanted
from concrete_cli.errors import Interrupted, StepFailed, UsageError, no_file
from concrete_cli.execute import Request
from concrete_cli.plan import Output
from concrete_cli.runs import Run
from concrete_cli.sources import fetching, urls
from concrete_cli.workflows.score import Scored, result
from concrete_cli.workspace import Workspace

if TYPE_CHECKING:
    from concrete_cli.config import Experiment

PIPE = "-"
FORMATS = {".csv": "csv", ".parquet": "parquet", ".pq": "parquet"}
WORTH = 8 << 20  # bytes of data that are worth a process of their own
BLOCK = 1 << 20


def choose(
    request: Request,
    experiment: Experiment,
    space: Workspace,
    backend: Backend,
) -> dict[str, Scored]:
    """Return the argument of workflows.score: the model (see `wanted`) and the rows."""
    given = request.given
    model = wanted.find(request, experiment, space, backend, "predict")
    data = Path(given["data"])
    if not data.is_file() and not data.is_dir():
        raise no_file(data)
    scored = Scored(
        model.source,
        str(data.absolute()),
        libraries=model.libraries,
        complete=model.complete,
        shards=given.get("shards") or shards(_worth(data), request.options.jobs),
        keep=tuple(given.get("keep") or ()),
        format=given.get("format", "parquet"),
    )
    return {"scored": scored}


def _worth(data: Path) -> int:
    """Return the bytes that processes can share; what is packed, each would unpack for itself."""
    steps = payload.module("_files")
    try:
        files = steps.files(data)
        return sum(path.stat().st_size for path in files if steps.divisible(path))
    except (OSError, steps.Refused):
        return 0  # the step says what is wrong


def shards(size: int, jobs: int = 0) -> int:
    """Return how many processes are worth their start for so many bytes of data."""
    return max(1, min(jobs or processors.usable(), size // WORTH))


def format_of(out: str | None) -> str:
    """Return csv or parquet, by the end of the file's name."""
    if out is None:
        return "parquet"
    if out == PIPE:
        return "csv"
    suffix = Path(out).suffix.lower()
    if suffix not in FORMATS:
        raise UsageError(f"--out {out}: {suffix or 'no ending'} is no format that is written",
                         help=f"end it in {' or '.join(FORMATS)}, or say -")  # fmt: skip
    return FORMATS[suffix]


def wanted_at(out: str | None) -> str | None:
    """Return what a run's record says of where its predictions go."""
    return str(Path(out).absolute()) if out and out != PIPE else out


@contextlib.contextmanager
def rows(
    data: str, space: Workspace, typed: Callable[[], BinaryIO], *, dry: bool = False
) -> Iterator[Path]:
    """Yield the file of the rows; a URL is fetched, what `typed` reads is put into one first.

    That one stays where the run was stopped or has failed and may be gone on with, or replayed;
    `concrete gc` removes it then. A `dry` run keeps nothing, and fetches nothing.
    """
    if dry and urls.is_url(data):
        yield _fetched(data, space)
        return
    if dry and data == PIPE:
        with tempfile.NamedTemporaryFile(prefix="concrete-") as file:
            shutil.copyfileobj(typed(), file, BLOCK)
            file.flush()
            yield Path(file.name)
        return
    if urls.is_url(data):
        yield fetching.bring(data, space.home)
        return
    if data != PIPE:
        yield Path(data)
        return
    path = space.home / "tmp" / f"stdin-{uuid.uuid4().hex}"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with path.open("xb") as file:
            shutil.copyfileobj(typed(), file, BLOCK)
        yield path
    except (Interrupted, StepFailed):
        raise
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    path.unlink(missing_ok=True)


def _fetched(data: str, space: Workspace) -> Path:
    if found := fetching.there(data, space.home):
        return found
    pinned = lines.line("pin", urls.hidden(urls.shown(data)), home=space.home)
    message = f"{urls.hidden(urls.shown(data))} is not here yet, and a dry run fetches nothing"
    raise UsageError(message, help=f"fetch it: {pinned}")


def deliver(run: Run, backend: Backend, stdout: TextIO | None) -> dict[str, Any]:
    """Bring the predictions of a run that is done to where its record says that they are wanted.

    Without `stdout`, what was wanted there goes beside the run's files instead.
    Returns rows, warned, odd (column -> rows with an unusual value), seconds and out.
    """
    out = run.record.get("out")
    scored = result(run.plan)
    name = f"predictions.{run.plan.steps[0].params['format']}"
    with _folder(backend, run, scored) as folder:
        facts = documents.read(folder / "metrics.json", formats.SCORED)
        if out == PIPE and stdout:
            with (folder / name).open("rb") as file:
                shutil.copyfileobj(file, stdout.buffer, BLOCK)
            stdout.buffer.flush()
        else:
            into = Path(out) if out and out != PIPE else run.folder / name
            with permissions.of_user():
                _copy(folder / name, into)
            out = str(into)
    told = ("rows", "warned", "odd", "seconds")
    return {name: facts[name] for name in told} | {"out": out}


@contextlib.contextmanager
def _folder(backend: Backend, run: Run, output: Output) -> Iterator[Path]:
    handle = run.record.get("handle", run.id)
    path = getattr(backend, "path", None)
    if path:
        yield Path(path(handle, output))
        return
    with tempfile.TemporaryDirectory(dir=run.folder.parents[1] / "tmp") as scratch:
        backend.fetch(handle, output, Path(scratch) / "predictions")
        yield Path(scratch) / "predictions"


def _copy(file: Path, into: Path) -> None:
    into.parent.mkdir(parents=True, exist_ok=True)
    scratch = into.with_name(f".{into.name}.{uuid.uuid4().hex}")
    try:
        shutil.copyfile(file, scratch)
        scratch.replace(into)
        syncing.bring(into)
    finally:
        scratch.unlink(missing_ok=True)
