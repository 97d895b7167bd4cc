"""Events of a run in Azure: asked for again and again, told when something has changed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from concrete_cli import lines
from concrete_cli.backend import Event, State
from concrete_cli.errors import BackendUnavailable, Interrupted

from .. import exits
from ..scrubbing import scrub
from . import replay
from .patience import FAILURES, patiently
from .submitted import ENDS, Standing, Submitted

FIRST_WAIT, LONGEST_WAIT, GROWTH = 0.2, 5.0, 1.3  # seconds, seconds, factor
TAIL = 20  # lines of a log that a person wants to see at once


def watch(submitted: Submitted, home: Path) -> Iterator[Event]:
    """Yield what happens until every step has ended."""
    try:
        yield from _events(submitted)
    except BackendUnavailable as failure:
        again = f"watch it again: {lines.line('logs', submitted.id, '--follow', home=home)}"
        failure.help = f"{failure.help}; the run goes on in Azure ML; {again}"
        raise
    except KeyboardInterrupt:
        again = lines.line("resume", submitted.id, home=home)
        raise Interrupted(f"run {submitted.id} goes on in Azure ML", help=again) from None


def glance(submitted: Submitted) -> Iterator[Event]:
    """Yield what has happened so far."""
    yield from _events(submitted, once=True)


def _events(submitted: Submitted, *, once: bool = False) -> Iterator[Event]:
    told: dict[str, State] = {}
    pause = FIRST_WAIT
    doing = "looking at the run" if once else "watching the run"
    failures = 0 if once else FAILURES  # whoever only looks is not to wait
    while True:
        code = patiently(submitted.code, doing, failures=failures)
        standings = patiently(submitted.standings, doing, failures=failures)
        news: list[Event] = []
        for name, standing in standings.items():
            if standing.state is told.get(name, State.WAITING):
                continue
            if _ran_unseen(standing, told.get(name)):
                news.append(_began(name, standing))
            news.append(_event(submitted, name, standing))
            told[name] = standing.state
        yield from sorted(news, key=lambda event: event.time)
        left = [name for name in standings if not told.get(name, State.WAITING).ended]
        if code in ENDS:
            yield from _rest(submitted, code, left, standings)
            return
        if not left or once:
            return
        pause = FIRST_WAIT if news else min(pause * GROWTH, LONGEST_WAIT)
        time.sleep(pause)


def _event(submitted: Submitted, name: str, standing: Standing) -> Event:
    ended = standing.state.ended
    detail, facts = "", {"run": standing.own_run}
    if standing.state is State.FAILED:
        detail = "canceled" if standing.code == "Canceled" else standing.detail
        if not detail and standing.own_run:
            detail = patiently(lambda: submitted.problem(name), "asking why a step failed")
        limit = patiently(lambda: submitted.limit(name), "reading the graph")
        detail = _reason(detail, standing, limit)
        ran = standing.run  # one that failed or was canceled before it had begun has no log
        log = patiently(lambda: submitted.log(name), "reading a log") if ran else ""
        facts["replay"] = patiently(lambda: replay.command(submitted, name), "reading the graph")
        detail = detail or "failed"
        facts["tail"] = scrub("\n".join(log.rstrip().splitlines()[-TAIL:]))
    seconds = standing.ended - standing.started if ended and standing.started else 0
    return Event(
        name,
        standing.state,
        time=standing.ended or standing.started or time.time(),
        seconds=max(0.0, seconds) if standing.state is not State.REUSED else 0,
        entry=standing.run if standing.state.good else "",
        detail=scrub(detail),
        facts=facts,
    )


def _reason(detail: str, standing: Standing, limit: float) -> str:
    """Say it as a local run would; Azure does not tell how long a step may have taken."""
    reason = exits.told(detail)
    slow = reason == detail and 0 < limit <= standing.ended - standing.started
    return f"ran longer than {limit:g} s: {detail}" if slow else reason


def _ran_unseen(standing: Standing, told: State | None) -> bool:
    """Whether a step began and ended between two looks."""
    ran = standing.state in (State.DONE, State.FAILED) and standing.started > 0
    return ran and told is not State.RUNNING


def _began(name: str, standing: Standing) -> Event:
    return Event(name, State.RUNNING, time=standing.started, facts={"run": standing.own_run})


def _rest(
    submitted: Submitted, code: str, left: list[str], standings: dict[str, Standing]
) -> Iterator[Event]:
    """Yield the ends of the steps that never ran."""
    failed = any(one.state is State.FAILED for one in standings.values())
    if code != "Failed" or failed or not left:
        yield from (_never_ran(name, standings) for name in left)
        return
    # Azure could not even begin: no image, no quota, no machine
    why = patiently(submitted.reason, "asking why the run failed")
    first, *others = left
    yield Event(first, State.FAILED, time=time.time(), detail=scrub(why) or "failed")
    for name in others:
        yield Event(name, State.SKIPPED, time=time.time(), detail=f"{first} failed")


def _never_ran(name: str, standings: dict[str, Standing]) -> Event:
    failed = sorted(other for other, one in standings.items() if one.state is State.FAILED)
    cancelled = any(one.code == "Canceled" for one in standings.values())
    why = "the run was canceled" if cancelled or not failed else f"{', '.join(failed)} failed"
    return Event(name, State.SKIPPED, time=time.time(), detail=why)
