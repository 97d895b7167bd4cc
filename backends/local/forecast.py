"""What a run would do: which steps are reused, which run, and why. Nothing is started."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from concrete_cli.backend import Options, State
from concrete_cli.cache import Cache, Entry
from concrete_cli.errors import Damaged
from concrete_cli.plan import Item, Output, Plan, Step
from concrete_cli.runs import Runs

from .inputs import Inputs
from .recipe import Recipes, differences, not_reused


@dataclass(frozen=True)
class Forecast:
    """Of one step: `decision` is run or reuse, `run` who made the entry, `why` the reasons.

    `seconds` is how long it took last time, 0 when nobody knows.
    """

    step: str
    decision: str
    run: str = ""
    why: tuple[str, ...] = ()
    seconds: float = 0


def forecast(plan: Plan, options: Options, home: Path) -> list[Forecast]:
    """Return what would happen to each step of the plan, in its order."""
    cache, runs = Cache(home), Runs(home)
    recipes, inputs = Recipes(), Inputs(home, home / "tmp" / "nothing")
    seconds = runs.durations(plan)
    before, failures = _recent_ends(plan, runs, cache)
    found: list[Forecast] = []
    for step in plan.steps:
        last = before.get(step.name)
        told: dict[str, Any] = {"seconds": seconds.get(step.name, 0)}
        told |= _foretell(step, options, cache, recipes, inputs, last)
        if told["decision"] == "run" and step.name in failures:
            told["why"] = (f"failed last time: {failures[step.name]}", *told["why"])
        found.append(Forecast(step.name, **told))
    return found


def _foretell(
    step: Step,
    options: Options,
    cache: Cache,
    recipes: Recipes,
    inputs: Inputs,
    last: Entry | None,
) -> dict[str, Any]:
    waits = sorted(name for name in step.needs if name not in inputs.entries)
    if waits:
        own = _own_changes(step, recipes, inputs, last)
        return {"decision": "run", "why": (*own, *(f"{name} runs first" for name in waits))}
    ingredients = recipes.of(step, inputs.content)
    entry = cache.find(ingredients)
    if step.name in options.force:
        return {"decision": "run", "why": ("--force",)}
    if not options.reuse:
        return {"decision": "run", "why": ("--no-reuse",)}
    if not step.reuse:
        return {"decision": "run", "why": ("reuse = false",)}
    if entry and not (entry.failure or entry.unlisted):
        inputs.entries[step.name] = entry
        made_by, seconds = str(entry.record.get("run", "")), float(entry.record.get("seconds", 0))
        return {"decision": "reuse", "run": made_by, "seconds": seconds}
    why = _refused(step, entry) if entry else _changes(last, ingredients)
    return {"decision": "run", "why": tuple(why)}


def _refused(step: Step, entry: Entry) -> list[str]:
    """Return why a finished step is not reused; that it has failed is told elsewhere."""
    return [not_reused(step, entry.unlisted)] if entry.unlisted else []


def _changes(last: Entry | None, ingredients: Mapping[str, Any]) -> list[str]:
    if last is None:
        return ["it has not run yet"]
    try:
        return differences(last.record["recipe"], ingredients) or ["its entry was removed"]
    except (OSError, ValueError, KeyError, Damaged):
        return ["its entry cannot be read"]


def _own_changes(step: Step, recipes: Recipes, inputs: Inputs, last: Entry | None) -> list[str]:
    """Return what changed in a step itself, whose inputs are still to be made."""
    if last is None:
        return []

    def content(item: Item) -> str:
        waits = isinstance(item, Output) and item.step not in inputs.entries
        return "" if waits else inputs.content(item)

    now = recipes.of(step, content)
    with contextlib.suppress(OSError, ValueError, KeyError, Damaged):
        before = dict(last.record["recipe"])
        for each in (before, now):
            for part in ("inputs", "after"):
                each.pop(part, None)
        return differences(before, now)
    return []


def _recent_ends(
    plan: Plan, runs: Runs, cache: Cache, recent: int = 20
) -> tuple[dict[str, Entry], dict[str, str]]:
    """Return what each step came to in the newest runs like this: its entry, and its failure.

    The entry is that of the newest run in which it ended well; there is a failure only if it has
    failed since, or if that entry is one.
    """
    entries: dict[str, Entry] = {}
    failures: dict[str, str] = {}
    for run in runs.like(plan, recent):
        for event in run.last_events().values():
            if event.step in entries:
                continue
            if event.state is State.FAILED:
                failures.setdefault(event.step, event.detail)
            entry = cache.entry(event.entry)
            if event.state.good and entry.path.is_dir():
                entries[event.step] = entry
                with contextlib.suppress(OSError, Damaged):
                    if entry.failure:
                        failures.setdefault(event.step, entry.failure)
        if all(step.name in entries for step in plan.steps):
            break  # what older runs say would not count
    return entries, failures
