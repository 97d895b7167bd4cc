"""Runs as people read them: the list, one run, its logs, two side by side."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

from concrete_cli.errors import StepFailed
from concrete_cli.runs import Run
from concrete_cli.view import errors, output, style
from concrete_cli.view.scores import score

WIDTH = 80  # characters


def runs(rows: list[dict[str, Any]], first: str, *, as_json: bool) -> None:
    """Print the list of runs; `first` is the command that makes one."""
    if as_json:
        output.document({"runs": rows})
        return
    head = ["run", "workflow", "experiment", "backend", "status", "created", "took"]
    cells = [
        [
            row["run"],
            row["workflow"] or "",
            row["experiment"] or "",
            row["backend"] or "",
            row["status"],
            (row["created"] or "")[:16].replace("T", " "),
            style.seconds(row["seconds"]) if row["seconds"] else "",
        ]
        for row in rows
    ]
    print("\n".join(style.table([head, *cells], right=(6,), head=True)))
    if not rows:
        print(f"no runs yet: {first}")


def show(run: Run, document: dict[str, Any], failure: StepFailed | None, *, as_json: bool) -> None:
    """Print one run, and why it has failed if it has."""
    if as_json:
        output.document(document)
        return
    events = run.last_events()
    told = f"{document['workflow']} on {document['backend']}, {document['status']}"
    print("\n".join(style.fit(f"{document['run']}  {told}")))
    print()
    rows = []
    for step in document["steps"]:
        event = events.get(step["name"])
        took = style.seconds(step["seconds"]) if step["seconds"] else ""
        memory = style.size(int(event.facts["memory"])) if event and "memory" in event.facts else ""
        detail = event.detail if event else ""
        named = f"{style.mark(step['state'])} {step['name']}"
        rows.append([named, step["state"], took, memory, style.harmless(detail)])
    print("\n".join([*style.table(rows, right=(2, 3)), ""]))
    output.result(document, as_json=False, most=sys.maxsize)
    if failure:
        print()
        print("\n".join(errors.lines(failure, sys.stdout)))


def logs(pieces: Iterable[tuple[str, bytes]], *, as_json: bool) -> None:
    """Print logs as they come, a headline wherever the step changes."""
    if as_json:
        texts: dict[str, str] = {}
        for name, text in pieces:
            texts[name] = texts.get(name, "") + text.decode(errors="backslashreplace")
        output.document({"logs": texts})
        return
    last = ""
    for name, text in pieces:
        if name != last:
            print(style.paint(f"== {name}", "bold"))
        last = name
        sys.stdout.write(text.decode(errors="backslashreplace"))
        sys.stdout.flush()


def comparison(found: dict[str, Any], *, as_json: bool) -> None:
    """Print two runs side by side."""
    if as_json:
        output.document(found)
        return
    first, second = found["runs"]
    changed = [*_only(found), *_changed(found)] or ["the plans have the same parameters"]
    print("\n".join([*changed, *_libraries(found)]))
    print()
    rows = [["rmse", first, second, "difference"]]
    for one in found["leaderboard"]:
        scores = [cv["rmse"] if cv else None for cv in one["cv"]]
        rows.append([one["candidate"], *_scores(*scores)])
    tests = [test["rmse"] if test else None for test in found["test"]]
    rows.append(["test rows", *_scores(*tests)])
    print("\n".join(style.table(rows, right=(1, 2, 3), head=True)))


def _only(found: dict[str, Any]) -> Iterator[str]:
    for run, names in zip(found["runs"], found["only"], strict=True):
        if names:
            yield textwrap.fill(
                ", ".join(names), WIDTH, initial_indent=f"only in {run}: ", subsequent_indent="  "
            )


def _changed(found: dict[str, Any]) -> list[str]:
    """Return the lines about the parameters of steps that both runs have."""
    alone = {name for names in found["only"] for name in names}
    rows = [
        [one["step"], name, f"{_short(before)} -> {_short(after)}"]
        for one in found["params"]
        if one["step"] not in alone
        for name, before, after in _pairs(one["param"], *one["values"])
    ]
    if not rows:
        return []
    return style.table([["step", "parameter", " -> ".join(found["runs"])], *rows], head=True)


def _libraries(found: dict[str, Any]) -> list[str]:
    """Return the lines about libraries of which the runs had different versions."""
    rows = [[one["library"], " -> ".join(one["values"])] for one in found["versions"]]
    head = ["library", " -> ".join(found["runs"])]
    return style.table([head, *rows], head=True) if rows else []


def _pairs(name: str, before: Any, after: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield what differs in a parameter; of a table, each of its keys."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys([*before, *after]):
            if before.get(key) != after.get(key):
                yield from _pairs(f"{name}.{key}", before.get(key), after.get(key))
    else:
        yield name, before, after


def _scores(first: float | None, second: float | None) -> list[str]:
    """Return two scores and their difference, as far as they exist."""
    known = first is not None and second is not None
    scale = max(abs(value or 0) for value in (first, second))
    shown = ["" if value is None else score(value, scale, least=4) for value in (first, second)]
    return [*shown, score(second - first, scale, sign="+", least=4) if known else ""]  # type: ignore[operator]


def _short(value: Any, width: int = 18) -> str:
    text = "(none)" if value is None else str(value)
    return text if len(text) <= width else text[: width - 3] + "..."
