"""Results on stdout: as one JSON document, or as a person reads them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from concrete_cli import lines
from concrete_cli.results import SCHEMA_VERSION
from concrete_cli.runs import Run
from concrete_cli.view import finetune, style
from concrete_cli.view.scores import score

if TYPE_CHECKING:
    from concrete_cli.execute import Prepared

# Columns of the leaderboard that a terminal does without where it is too narrow for all.
SPARE = (("mae",), ("mae", "se"))
MOST = 10  # outputs that are listed one by one when a run has ended
BRIEF = 36  # characters of a reason in a list of steps


def document(value: dict[str, Any]) -> None:
    """Print one JSON document."""
    print(style.json_text({"schema_version": SCHEMA_VERSION} | value))


def result(found: dict[str, Any], *, as_json: bool, most: int = MOST) -> None:
    """Print what a run came to, and where at most so many of its outputs are."""
    if as_json:
        document(found)
        return
    warn([*found.get("notices", []), *_odd_data(found), *_failed_candidates(found)])
    if found["leaderboard"]:
        print("\n".join([*leaderboard(found), ""]))
    for line in _summary(found, most):
        print("\n".join(style.fit(line, " " * 10)))


def _summary(found: dict[str, Any], most: int) -> Iterator[str]:
    """Yield what came of a run, behind a word that says what it is."""
    if found["selected"]:
        yield f"selected  {style.paint(found['selected']['candidate'], 'bold')}"
    if test := found["test"]:
        yield from f"test      {_test(test)}".split("\n")
    yield from finetune.lines(found)
    counts = _counts(found["steps"])
    ended = found.get("status") not in ("running", "interrupted")  # else it is not known
    took = f"  {style.seconds(found['seconds'])}" if ended else ""
    yield f"run       {found['run']}  {counts}{took}"
    kept = {name: found["paths"].get(name) for name in ("model", "report")}
    there = [(name, path) for name, path in (kept | found.get("outputs", {})).items() if path]
    for name, path in there[:most]:
        yield f"{name:<9} {style.path(path)}"
    if there[most:]:
        home = Path(found["paths"]["run"]).parents[1]
        all_of_them = lines.line("show", found["run"], home=home)
        yield f"and {len(there) - most} more outputs: {all_of_them}"


def leaderboard(found: dict[str, Any]) -> list[str]:
    """Return the lines of the leaderboard: best first, the selected one marked."""
    best = (found["selected"] or {}).get("candidate")
    done = sorted(one["cv"]["rmse"] for one in found["leaderboard"] if one["status"] == "done")
    scale = done[len(done) // 2] if done else None
    rows = [["", "candidate", "rmse", "se", "mae", "r2", "to the best", "took"]]
    for one in found["leaderboard"]:
        if one["status"] != "done":
            rows.append(["", one["candidate"], one["status"], "", "", "", "", ""])
            continue
        cv, gap = one["cv"], one.get("difference")
        rows.append(
            [
                "→" if one["candidate"] == best else "",
                one["candidate"],
                *(score(cv[metric], scale) for metric in ("rmse", "se", "mae")),
                score(cv["r2"]),
                _gap(gap, scale) if gap and gap["mean"] else "",
                style.seconds(one["seconds"] or 0),
            ]
        )
    some = [
        [
            [cell for title, cell in zip(rows[0], row, strict=True) if title not in spare]
            for row in rows
        ]
        for spare in ((), *SPARE)
    ]
    rows = next((fewer for fewer in some if style.fits(fewer)), rows)
    lines = style.table(rows, right=range(2, len(rows[0])), head=True)
    return [style.paint(line, "bold") if "→" in line else line for line in lines]


def _gap(gap: dict[str, float], scale: float | None) -> str:
    return f"{score(gap['mean'], scale, sign='+')} ± {score(gap['se'], scale)}"


def forecast(prepared: Prepared, *, as_json: bool) -> None:
    """Print what each step of a plan would do."""
    from concrete_cli.commands import forecasts

    rows = forecasts.of(prepared)
    if as_json:
        document({"plan": prepared.plan.name, "steps": rows})
        return
    cells = []
    for row in rows:
        why = f"from {row['run']}" if row["run"] else _first(row["why"])
        word = style.paint(row["decision"], "cyan" if row["decision"] == "run" else "green")
        took = style.seconds(row["seconds"]) if row["seconds"] else ""
        cells.append([f"{word} {row['step']}", took, why])
    print("\n".join(style.table(cells, right=(1,))))
    again = sum(row["decision"] == "run" for row in rows)
    print(f"\n{again} to run, {len(rows) - again} to reuse")


def _first(reasons: list[str]) -> str:
    """Return the first reason, in brief, and how many more `concrete why` tells."""
    more = f", and {len(reasons) - 1} more" if len(reasons) > 1 else ""
    reason = reasons[0] if reasons else ""
    if len(reason) > BRIEF:
        head = reason.partition(":")[0]
        reason = head if " " in head else f"{head} changed"  # of an ingredient there is the name
    return reason + more


def detached(run: Run, *, as_json: bool) -> None:
    """Say which run goes on by itself."""
    record = run.record
    elsewhere = {"backend": record["backend"], "handle": record["handle"]}
    elsewhere = elsewhere if record.get("remote") else {}
    if as_json:
        paths = {"run": str(run.folder)}
        document({"run": run.id, "status": "running", **elsewhere, "paths": paths})
        return
    print(run.id)
    print(
        f"watch it: {run.line('logs', '-f')}\nstop it:  {run.line('cancel')}",
        file=sys.stderr,
    )
    if elsewhere:
        print(
            f"on another machine: concrete logs {elsewhere['handle']} -f --backend"
            f" {elsewhere['backend']}",
            file=sys.stderr,
        )


def warn(warnings: list[str]) -> None:
    """Print warnings on stderr."""
    word = style.paint("warning", "yellow", stream=sys.stderr)
    for warning in warnings:
        print(f"{word}: {warning}", file=sys.stderr)


def _test(test: dict[str, Any]) -> str:
    scale = test["rmse"]
    low, high = (score(end, scale) for end in test["rmse_ci"])
    words = [
        f"rmse {score(scale, scale)} [{low}, {high}]",
        f"mae {score(test['mae'], scale)}",
        f"r2 {score(test['r2'])}",
    ]
    covered = f"90% intervals cover {test['coverage']:.1%} of {test['rows']} rows"
    return f"{'  '.join(words)}\n          {covered}"


def _counts(steps: list[dict[str, Any]]) -> str:
    states = [step["state"] for step in steps]
    return ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(sorted(states)))


def _odd_data(found: dict[str, Any]) -> list[str]:
    count = len(found.get("warnings", []))
    if not count:
        return []
    what = "an oddity" if count == 1 else f"{count} oddities"  # short: it fits 80 columns
    return [f"{what} in the data: {_line('logs', found, 'prepare')}"]


def _failed_candidates(found: dict[str, Any]) -> list[str]:
    return [
        f"candidate {one['candidate']} {one['status']}: {_reason(one['error'])}"
        f" ({_line('logs', found, 'train_' + one['candidate'])})"
        for one in found["leaderboard"]
        if one["status"] != "done"
    ]


def _line(command: str, found: dict[str, Any], *words: str) -> str:
    """Return a command about the run of a result."""
    return Run(Path(found["paths"]["run"])).line(command, *words)


def _reason(error: str | None) -> str:
    return style.harmless(" ".join((error or "see its log").split()))
