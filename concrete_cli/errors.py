"""Every way in which concrete can fail; one class, one exit code, one next action.

ConcreteError            1  a bug of ours, when nothing below fits
├── UsageError           2  the command line is wrong: see --help
├── ExperimentInvalid    3  the experiment is wrong: every problem at once, with line and column
├── StepFailed           4  a step failed: its last lines, its log, the command that replays it
├── NotFound             5  no such run, step, model, endpoint: the nearest names
├── GateNotMet           6  the model is not good enough to be registered
├── BackendUnavailable   7  an extra is missing, nobody is logged in, there is no workspace
│   └── StaysThere         7  an output is where nothing is copied from: look at it there
├── Damaged              8  files are not as they were written: bring them again
├── Busy                75  somebody else holds what is needed: try again
└── Interrupted        130  Ctrl-C: the run can be resumed
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

MOST = 12  # names in an advice
LONGEST = 200  # characters of a name that is compared with others
SCREEN = 2000  # characters of a message


class ConcreteError(Exception):
    """Shown as `error: what`, `help: what to do`, without a traceback."""

    exit_code = 1

    def __init__(self, message: str, *, help: str = "") -> None:  # noqa: A002  the word users see
        super().__init__(message)
        self.help = help

    def document(self) -> dict[str, Any]:
        """Return what `--json` prints of this error."""
        return {"kind": type(self).__name__, "message": str(self), "help": self.help}


class UsageError(ConcreteError):
    """The command line asks for something that makes no sense."""

    exit_code = 2


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong in an experiment; lines and columns count from 1, 0 is unknown."""

    message: str
    file: str = ""
    line: int = 0
    column: int = 0
    help: str = ""

    @property
    def place(self) -> str:
        """`file:line:column`, as far as they are known."""
        known = (str(number) for number in (self.line, self.column) if number)
        return ":".join([self.file, *known])


class ExperimentInvalid(ConcreteError):
    """An experiment that cannot be run, with every problem that was found in it."""

    exit_code = 3

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        super().__init__(
            self.problems[0].message if count == 1 else f"the experiment has {count} problems"
        )

    def document(self) -> dict[str, Any]:
        """Return the problems one by one."""
        return super().document() | {"problems": [vars(problem) for problem in self.problems]}


class StepFailed(ConcreteError):
    """A step of a run did not succeed."""

    exit_code = 4

    def __init__(
        self,
        step: str,
        reason: str,
        *,
        run: str = "",
        tail: str = "",
        log: str = "",
        replay: str = "",
        help: str = "",  # noqa: A002  the word users see
    ) -> None:
        super().__init__(f"step {step} {reason}", help=help)
        self.step, self.reason, self.run = step, reason, run
        self.tail, self.log, self.replay = tail, log, replay

    def document(self) -> dict[str, Any]:
        """Return the last lines, the log and the command that replays the step."""
        facts = {"step": self.step, "run": self.run, "tail": self.tail}
        return super().document() | facts | {"log": self.log, "replay": self.replay}


class NotFound(ConcreteError):
    """Something was asked for by a name that nothing has."""

    exit_code = 5

    def __init__(
        self,
        kind: str,
        name: str,
        known: Iterable[str] = (),
        *,
        help: str = "",  # noqa: A002  the word users see
    ) -> None:
        names = list(known)
        hint = help or nearest(name, names) or _listed(names)
        super().__init__(f"no {kind} called {name!r}", help=hint)


class GateNotMet(ConcreteError):
    """A model was trained, and is not good enough to be registered.

    `result` is what the run came to all the same; with `--json` it is shown beside the error.
    """

    exit_code = 6

    def __init__(
        self,
        message: str,
        *,
        result: Mapping[str, Any] | None = None,
        help: str = "",  # noqa: A002  the word users see
    ) -> None:
        super().__init__(message, help=help)
        self.result = result or {}


class BackendUnavailable(ConcreteError):
    """The place that should run the plan cannot be reached or is not installed."""

    exit_code = 7


class StaysThere(BackendUnavailable):
    """An output is in a place from which the backend copies nothing here."""


class Damaged(ConcreteError):
    """Files are not as they were written, or not what they are said to be; they are not used."""

    exit_code = 8


class Busy(ConcreteError):
    """Another process holds what is needed; nothing was changed."""

    exit_code = 75


class Interrupted(ConcreteError):
    """A person stopped the command; what was finished is kept."""

    exit_code = 130


def no_file(path: Path) -> NotFound:
    """Return the error of a file that is not there, with what is called alike."""
    folder = path.absolute().parent
    if not folder.is_dir():
        return NotFound("file", str(path), help=f"there is no folder {folder} either")
    near = nearest(path.name, [other.name for other in folder.iterdir()])
    return NotFound("file", str(path), help=near or f"nothing in {folder} is called like that")


def _listed(names: list[str]) -> str:
    """Return `there are: ...` with no more names than fit on a few lines."""
    more = f", and {len(names) - MOST} more" if len(names) > MOST else ""
    return f"there are: {', '.join(names[:MOST])}{more}" if names else ""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return `did you mean ...?` for the names that look like `name`, or nothing."""
    spelled = {word.lower(): word for word in known}
    near = [spelled[word] for word in close(name.lower(), spelled)]
    return f"did you mean {' or '.join(repr(match) for match in near)}?" if near else ""


def close(name: str, known: Iterable[str], n: int = 3, cutoff: float = 0.6) -> list[str]:
    """Return what looks like `name`; to compare texts takes the square of their lengths."""
    words = [word for word in known if len(word) <= LONGEST]
    return get_close_matches(name, words, n, cutoff) if len(name) <= LONGEST else []


def brief(text: str) -> str:
    """Return no more of a text than fits on a screen."""
    if len(text) <= SCREEN:
        return text
    return f"{text[: SCREEN // 2]} ... ({len(text):,} characters) ... {text[-SCREEN // 4 :]}"
