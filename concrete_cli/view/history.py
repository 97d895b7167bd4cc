"""Runs as people read them: the list, one run, its logs, two side by side."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from concrete_cli.runs import Run
from concrete_cli.view import output, style


def runs(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    """Print the list of runs."""
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
    lines = style.table([head, *cells], right=(6,))
    print(style.paint(lines[0], "dim"))
    print("\n".join(lines[1:]) or "no runs yet: concrete train")


def show(run: Run, document: dict[str, Any], *, as_json: bool) -> None:
    """Print one run."""
    if as_json:
        output.document(document)
        return
    events = run.last_events()
    print(
        f"{document['run']}  {document['workflow']} on {document['backend']}, {document['status']}"
    )
    print()
    for step in document["steps"]:
        event = events.get(step["name"])
        took = style.seconds(step["seconds"]) if step["seconds"] else ""
        memory = style.size(int(event.facts["memory"])) if event and "memory" in event.facts else ""
        detail = event.detail if event else ""
        words = f"{step['name']:<28} {step['state']:<8} {took:>10} {memory:>8}  {detail}"
        print(f"{style.mark(step['state'])} {words}".rstrip())
    print()
    output.result(document, as_json=False)


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
    if found["params"]:
        rows = [["step", "parameter", first, second]]
        rows += [
            [one["step"], one["param"], *(_short(value) for value in one["values"])]
            for one in found["params"]
        ]
        print("\n".join(style.table(rows)))
    else:
        print("the plans have the same parameters")
    print()
    rows = [["candidate", f"rmse {first}", f"rmse {second}", "difference"]]
    for one in found["leaderboard"]:
        scores = [cv["rmse"] if cv else None for cv in one["cv"]]
        rows.append([one["candidate"], *_scores(*scores)])
    tests = [test["rmse"] if test else None for test in found["test"]]
    rows.append(["test rows", *_scores(*tests)])
    print("\n".join(style.table(rows, right=(1, 2, 3))))


def _scores(first: float | None, second: float | None) -> list[str]:
    """Return two scores and their difference, as far as they exist."""
    known = first is not None and second is not None
    shown = ["" if value is None else f"{value:.4f}" for value in (first, second)]
    return [*shown, f"{second - first:+.4f}" if known else ""]  # type: ignore[operator]


def _short(value: Any, width: int = 40) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= width else text[: width - 3] + "..."
