"""Writing so that a kill -9 or a full disk leaves the old state or the new one, never a mixture."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import stat
import subprocess
import tempfile
import uuid
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

READ = stat.S_IRUSR
OWN = stat.S_IRWXU
CUT = b"~"  # ends a line that a crash cut short

_passed: Counter[str] = Counter()


def failpoint(name: str) -> None:
    """Die here as by kill -9 where CONCRETE_FAILPOINT says so; this is how tests crash us.

    `NAME` means the first time that this place is passed, `NAME#3` the third.
    """
    wanted, _, time_ = os.environ.get("CONCRETE_FAILPOINT", "").partition("#")
    if wanted == name:
        _passed[name] += 1
        if _passed[name] == int(time_ or 1):
            os.kill(os.getpid(), signal.SIGKILL)


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """Have what the system refuses in the block say of which file, where it does not."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise


def write(path: Path, text: str) -> None:
    """Put `text` into the file, whole or not at all, and durable when this returns."""
    with naming(path):
        _write(path, text)


def _write(path: Path, text: str) -> None:
    handle, scratch = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        failpoint(f"write:{path.name}")
        Path(scratch).replace(path)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise
    failpoint(f"written:{path.name}")
    sync_folder(path.parent)


def write_json(path: Path, value: Any) -> None:
    """Write JSON data, readable to people, whole or not at all."""
    write(path, as_json(value))


def as_json(value: Any) -> str:
    """Return JSON as people like to read it; names of files that are no Unicode are escaped."""
    return _encoded(value, indent=2) + "\n"


def as_lines(value: Mapping[str, Any]) -> str:
    """Return JSON with a line for each key, and for each item of a list: quick for much data."""
    lines = [f"{_encoded(name)}: {_items(given)}" for name, given in value.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def read_json(path: Path) -> Any:
    """Return the JSON data in a file."""
    return json.loads(path.read_text(encoding="utf-8"))


def append_lines(path: Path, lines: list[str]) -> None:
    """Add whole lines at the end of a file, durable when this returns.

    A line that a crash cut short is ended first, and marked, so that it spoils only itself.
    """
    with naming(path), path.open("ab+", buffering=0) as file:
        text = "".join(line + "\n" for line in lines)
        old = file.tell() > 0
        if old:
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                text = f"{CUT.decode()}\n{text}"
        failpoint(f"append:{path.name}")
        _write_all(file.fileno(), text.encode())
        failpoint(f"appended:{path.name}")
        getattr(os, "fdatasync", os.fsync)(file.fileno())
    if not old:
        sync_folder(path.parent)


def tail(log: Path, lines: int = 12) -> str:
    """Return the last lines of a log; bytes that are no UTF-8 are shown escaped."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - (1 << 16)))
            text = file.read().decode(errors="backslashreplace")
    except OSError:
        return ""
    return "\n".join(text.rstrip().splitlines()[-lines:])


def sync_folder(folder: Path) -> None:
    """Make a rename in the folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def is_full(folder: Path, spare: int = 1 << 20) -> bool:
    """Whether the disk of a folder has less than `spare` bytes left, or no room for a file."""
    facts = os.statvfs(folder)
    return facts.f_bavail * facts.f_frsize < spare or (facts.f_files > 0 and facts.f_favail == 0)


def files(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Yield all below a folder that is no folder; nothing when it is not there."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        for entry in _entries(folder):
            if entry.is_dir(follow_symlinks=False):
                yield from files(Path(entry.path))
            else:
                yield entry


def is_empty(folder: Path) -> bool:
    """Whether a folder is there and has nothing in it."""
    try:
        return not _entries(folder)
    except OSError:
        return False


def protect(folder: Path) -> None:
    """Make all that is below the folder read-only, the folders excepted: they can be deleted.

    A file that has another name elsewhere is copied first: that other one is not ours to close.
    """
    for entry in _entries(folder):
        if entry.is_dir(follow_symlinks=False):
            os.chmod(entry.path, OWN)  # noqa: PTH101  a Path costs more than the call
            protect(Path(entry.path))
        elif not entry.is_symlink():
            if entry.stat(follow_symlinks=False).st_nlink > 1:
                _part_with_other_names(Path(entry.path))
            os.chmod(entry.path, READ)  # noqa: PTH101


def _part_with_other_names(path: Path) -> None:
    scratch = path.with_name(f".{uuid.uuid4().hex}")
    shutil.copyfile(path, scratch)
    scratch.replace(path)


def copy(folder: Path, into: Path) -> None:
    """Copy all that is below a folder; a symbolic link stays one, whatever it leads to."""
    into.mkdir(parents=True, exist_ok=True)
    for entry in _entries(folder):
        target = into / entry.name
        if entry.is_symlink():
            target.symlink_to(os.readlink(entry.path))  # noqa: PTH115  a Path loses a final dot
        elif entry.is_dir():
            copy(Path(entry.path), target)
        elif entry.is_file():
            shutil.copyfile(entry.path, target)


def size(path: Path) -> int:
    """Return how many bytes are in a file, or in all the files below a folder."""
    found, waiting = 0, [str(path)]
    while waiting:
        place = waiting.pop()
        with contextlib.suppress(OSError):  # it is gone, or deeper than a path may be long
            facts = os.lstat(place)
            if stat.S_ISDIR(facts.st_mode):
                waiting += [entry.path for entry in _entries(place)]
            else:
                found += facts.st_size
    return found


def remove(path: Path) -> None:
    """Delete a folder and all that is in it, a link, or a file; what is gone already is fine."""
    if path.is_symlink() or not path.is_dir():  # rmtree would open it, and wait for ever at a pipe
        with contextlib.suppress(NotADirectoryError):
            path.unlink(missing_ok=True)
        return
    try:
        _remove(path)
    except RecursionError:  # a step has nested folders by the thousand
        subprocess.run(["rm", "-rf", "--", str(path)], check=True, capture_output=True)


def _remove(path: Path) -> None:
    for _ in range(3):
        try:
            shutil.rmtree(path)
        except NotADirectoryError:
            path.unlink(missing_ok=True)
            return
        except FileNotFoundError:
            if not path.exists():  # else somebody removes it at the same time
                return
        except PermissionError:
            protect(path)  # a step has closed a folder to its own user
        else:
            return
    shutil.rmtree(path)


def put_aside(path: Path, scratch: Path) -> None:
    """Take a folder from everybody at once, however large it is, then delete it."""
    remove(take_away(path, scratch))


def take_away(path: Path, scratch: Path) -> Path:
    """Take a folder from everybody at once; return where it is now, for the caller to delete."""
    scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    aside = scratch / f"aside-{uuid.uuid4().hex}"
    path.rename(aside)
    failpoint("aside")
    return aside


def leave_only(names: Collection[str], folder: Path) -> None:
    """Delete all in a folder that is not called by one of these names."""
    for entry in _entries(folder):
        if entry.name not in names:
            remove(Path(entry.path))


def _items(value: Any) -> str:
    if not isinstance(value, list | tuple) or len(value) < 2:
        return _encoded(value)
    return "[\n  " + ",\n  ".join(map(_encoded, value)) + "\n]"


def _encoded(value: Any, indent: int | None = None) -> str:
    text = json.dumps(value, indent=indent, ensure_ascii=False, default=str)
    try:
        text.encode()
    except UnicodeEncodeError:
        text = json.dumps(value, indent=indent, default=str)
    return text


def _write_all(handle: int, data: bytes) -> None:
    while data:
        data = data[os.write(handle, data) :]


def _entries(folder: str | Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return list(entries)
