"""Standard streams that do not get in the way, whatever the command was started with."""

from __future__ import annotations

import codecs
import contextlib
import io
import logging
import os
import signal
import sys
from collections.abc import Callable, Collection, Iterator
from types import FrameType
from typing import Any, BinaryIO, TextIO

from concrete_cli import interpreter
from concrete_cli.errors import brief

LOG = logging.getLogger("concrete")
_answers: list[TextIO] = []  # stdout, where -q holds back what is printed


def steady() -> None:
    """Make sure that all three are there and can print any text.

    Where one was closed, the next file that is opened would get its number, and what is printed.
    """
    codecs.register_error("as_in_json", _as_in_json)
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        stream = getattr(sys, name)
        if stream is None:
            nothing = os.open(os.devnull, os.O_RDWR)
            if nothing != number:
                os.dup2(nothing, number)
                os.close(nothing)
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8"))
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="as_in_json")


def hang_ups() -> list[signal.Signals]:
    """Return the signal of a terminal that is closed, unless nohup has us ignore it."""
    heard = [one for one in signal.Signals if one.name == "SIGHUP"]
    return [one for one in heard if signal.getsignal(one) is not signal.SIG_IGN]


def hear_hang_up() -> None:
    """Take a terminal that is closed for Ctrl-C; a detached run goes on."""
    stays = os.environ.pop(interpreter.STAYS, "")

    def stop(number: int, frame: FrameType | None) -> None:
        del number, frame
        raise KeyboardInterrupt

    for number in hang_ups():
        signal.signal(number, signal.SIG_IGN if stays else stop)


def let_go() -> None:
    """Drop what a terminal that is gone can no longer show; the exit code is what counts then."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            with contextlib.suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def typed(what: str, otherwise: str = "") -> BinaryIO:
    """Return stdin; somebody in front of a terminal is told that it is waited for."""
    if sys.stdin.isatty():
        hint = f"; {otherwise}" if otherwise else ""
        print(f"type or paste {what}, end it with Ctrl-D{hint}", file=sys.stderr)
    return sys.stdin.buffer


def answer() -> TextIO:
    """Return stdout for what somebody asked for with `-`: -q does not silence that."""
    return _answers[-1] if _answers else sys.stdout


@contextlib.contextmanager
def silent(fine: Collection[int | None]) -> Iterator[Callable[[Any], Any]]:
    """Print nothing if the block ends with a `fine` exit code, which it gives to what this yields.

    Otherwise print what was held back; an error is printed after it.
    """
    real, held = (sys.stdout, sys.stderr), (io.StringIO(), io.StringIO())
    good = False

    def ended(code: Any) -> Any:
        nonlocal good
        good = code in fine
        return code

    LOG.setLevel(logging.ERROR)
    _answers.append(sys.stdout)
    sys.stdout, sys.stderr = held
    try:
        yield ended
    finally:
        sys.stdout, sys.stderr = real
        _answers.pop()
        for stream, text in zip(real, held, strict=True):
            stream.write("" if good else text.getvalue())


class Told(logging.Formatter):
    """Writes a record of the log: a warning as such, what --debug shows with the time."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        from concrete_cli.sources import urls

        level, said = record.levelname.lower(), urls.hidden(record.getMessage())
        if record.levelno >= logging.WARNING:
            return f"{level}: {brief(said)}"
        return f"{level} {record.relativeCreated / 1000:7.3f} s: {said}"


def listen_to_log() -> None:
    """Show warnings of our own on stderr, whatever the command before this one has asked for."""
    handler = logging.StreamHandler()
    handler.setFormatter(Told())
    LOG.handlers = [handler]
    LOG.setLevel(logging.WARNING)


def log_all() -> None:
    """Show also what is logged for who looks for a mistake."""
    LOG.setLevel(logging.DEBUG)


def _as_in_json(error: UnicodeError) -> tuple[str, int]:
    """Escape what an encoding lacks in the way that JSON does, so that JSON stays valid."""
    assert isinstance(error, UnicodeEncodeError)
    lacking = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    units = (lacking[place : place + 2].hex() for place in range(0, len(lacking), 2))
    return "".join(f"\\u{unit}" for unit in units), error.end
