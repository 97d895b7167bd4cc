"""How a run goes, while it goes: a live table in a terminal, else one plain line per change."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TextIO, cast

from concrete_cli import disk
from concrete_cli.backend import Event, State
from concrete_cli.plan import Plan
from concrete_cli.view import style

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.table import Table

SAYS = "progress: "  # how a line of a step's log begins that tells how far it is
MOST = 50  # steps that are shown one by one when nothing more happens to them
WIDE = 100  # columns of a terminal that hold what is expected beside what a step says of itself


def more(states: Sequence[str]) -> str:
    """Return how many steps are not shown, and how many of them are in which state."""
    counts = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    return f"and {len(states)} more: {counts}"


class Progress(Protocol):
    """Something that is told of each event."""

    def show(self, event: Event) -> None:
        """Take note of an event."""


class Silent:
    """Shows nothing: `--quiet`."""

    def show(self, event: Event) -> None:
        """Take no note."""


class Lines:
    """One line on stderr for each change; of steps that end well no more than a screen holds."""

    def __init__(self, *, verbose: bool) -> None:
        self._verbose = verbose
        self._good = 0
        self._left_out: list[str] = []  # states

    def show(self, event: Event) -> None:
        """Print the line, unless it says no more than that a step started."""
        if event.state is State.RUNNING and not self._verbose:
            return
        self._good += event.state.good
        if event.state.good and self._good > MOST and not self._verbose:
            self._left_out.append(event.state.value)
            return
        mark = style.mark(event.state, sys.stderr)
        took = style.seconds(event.seconds) if event.state.ended and event.seconds else ""
        words = [mark, f"{event.step:<28}", f"{event.state:<8}", f"{took:>8}", _detail(event)]
        print(" ".join(words).rstrip(), file=sys.stderr, flush=True)

    def end(self) -> None:
        """Count what was not shown."""
        if self._left_out:
            print(f"  {more(self._left_out)}", file=sys.stderr, flush=True)


class Live:
    """The table that `rich` draws again four times a second, never more of it than is visible."""

    def __init__(self, plan: Plan, expected: Mapping[str, float]) -> None:
        self._last = {step.name: Event(step.name, State.WAITING) for step in plan.steps}
        self._since: dict[str, float] = {}
        self._expected = expected
        self.whole = False  # however short the terminal is: when nothing is drawn again

    def show(self, event: Event) -> None:
        """Take note; the next drawing shows it."""
        self._last[event.step] = event
        self._since[event.step] = time.monotonic()

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType]:
        """Draw the table as it is now; steps that a short terminal has no line for are counted."""
        room = max(console.height - 1, MOST) if self.whole else console.height - 1
        fits = len(self._last) < room
        shown = list(self._last) if fits else self._foremost(max(room - 2, 0))
        yield self._table(shown, console.width)
        names = frozenset(shown)
        if hidden := [event.state.value for name, event in self._last.items() if name not in names]:
            yield f"[dim]{more(hidden)}[/]"
        del options

    def _foremost(self, room: int) -> list[str]:
        """Return the steps that a person looks for: those that run, have failed, or come next."""
        order = [State.RUNNING, State.FAILED, State.WAITING]
        rank = {state: order.index(state) if state in order else len(order) for state in State}
        in_order = sorted(self._last, key=lambda name: rank[self._last[name].state])
        first = frozenset(in_order[:room])
        return [name for name in self._last if name in first]

    def _table(self, names: Sequence[str], width: int) -> Table:
        from rich.table import Table
        from rich.text import Text

        said = {name: _detail(self._last[name]) for name in names}
        expected = self._awaited(names)
        if width < WIDE and any(said[name] for name in expected):
            expected = {}  # a step that says how far it is knows better
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=True)
        for title in ("", "step", "state"):
            table.add_column(title, header_style="dim", no_wrap=True)
        for title, style_ in (("took", ""), ("expected", "dim"))[: 2 if expected else 1]:
            table.add_column(title, justify="right", style=style_, header_style="dim", no_wrap=True)
        table.add_column("", style="dim")  # the only column that gives way where it is narrow
        for name in names:
            event = self._last[name]
            sign, colour = style.MARKS[event.state]
            cells = [f"[{colour}]{sign}[/]", name, f"[{colour}]{event.state.value}[/]"]
            cells.append(self._took(event))
            if expected:
                cells.append(style.seconds(expected[name]) if name in expected else "")
            # As text, since a log may say anything.
            table.add_row(*cells, Text(said[name], no_wrap=True, overflow="ellipsis"))
        return table

    def _awaited(self, names: Iterable[str]) -> dict[str, float]:
        """Return how many seconds the steps take, as far as they are known and not over."""
        return {
            name: self._expected[name]
            for name in names
            if self._expected.get(name) and not self._last[name].state.ended
        }

    def _took(self, event: Event) -> str:
        if event.state is State.RUNNING:
            return style.seconds(time.monotonic() - self._since[event.step])
        return style.seconds(event.seconds) if event.seconds else ""


class Screen:
    """A terminal that may be closed while something is drawn on it; that is no error."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.encoding = stream.encoding

    def write(self, text: str) -> None:
        """Write what is still seen."""
        with suppress(OSError):
            self._stream.write(text)

    def flush(self) -> None:
        """Send what was written."""
        with suppress(OSError):
            self._stream.flush()

    def isatty(self) -> bool:
        """Whether it is one."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """Return what the terminal's size is asked of."""
        return self._stream.fileno()


@contextmanager
def progress(
    plan: Plan, expected: Mapping[str, float], *, quiet: bool, verbose: bool
) -> Iterator[Progress]:
    """Show how a run goes while the block runs, in the way that suits where stderr goes."""
    if quiet:
        yield Silent()
    elif not style.coloured(sys.stderr) or verbose:
        lines = Lines(verbose=verbose)
        yield lines
        with suppress(BrokenPipeError):
            lines.end()
    else:
        from rich.console import Console
        from rich.live import Live as Drawing

        live = Live(plan, expected)
        console = Console(file=cast("TextIO", Screen(sys.stderr)))
        with Drawing(live, console=console, refresh_per_second=4, vertical_overflow="visible"):
            try:
                yield live
            finally:
                live.whole = True


def _detail(event: Event) -> str:
    if event.state is State.REUSED:
        return f"from {event.detail}" if event.detail else ""
    return event.detail if event.state is not State.RUNNING else _said(event)


def _said(event: Event) -> str:
    """Return what a running step says of how far it is: the last line of its log, if it does."""
    log = str(event.facts.get("log", ""))
    line = disk.tail(Path(log), 1) if log else ""
    return line.removeprefix(SAYS) if line.startswith(SAYS) else ""
