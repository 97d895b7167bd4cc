"""From facts to HTML: the charts are drawn, the template is filled in, all text is escaped."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from concrete_cli import __version__
from concrete_cli.commands import history
from concrete_cli.report import charts, dag, gather, tables, words
from concrete_cli.runs import Run
from concrete_cli.view import style
from concrete_cli.workspace import Workspace

HERE = Path(__file__).parent


def of_run(space: Workspace, run: Run) -> str:
    """Return the page of one run."""
    found = gather.facts(gather.seen(space, run))
    return _environment().get_template("run.html").render(
        **found,
        title=f"{found['experiment']}: {run.id}",
        dag=[dag.draw(found["timing"]["steps"], level=level) for level in (True, False)],
        drawn=_drawn(found),
        board=tables.board(found),
        places=tables.places(found["leaderboard"]),
        coverage_wanted=(found["interval"] or {}).get("coverage"),
        sparks={name: charts.histogram(one) for name, one in found["points"]["histograms"].items()},
        why=words.why_kept(found["tuning"], found["unit"])
        if found["tuning"]
        else words.why_selected(found),
    )  # fmt: skip


def of_two(space: Workspace, first: Run, second: Run) -> str:
    """Return the page that puts two runs side by side."""
    both = [gather.facts(gather.seen(space, run)) for run in (first, second)]
    compared = history.compare(space, first, second)
    return _environment().get_template("compare.html").render(
        title=f"{first.id} and {second.id}",
        both=both,
        names=_names(first.id, second.id),
        params=[one for one in compared["params"] if one["step"] in _shared(first, second)],
        only=[_only(first, second), _only(second, first)],
        board=tables.boards(both),
        places=tables.places(both[0]["leaderboard"]).get(both[0]["metric"], 3),
        tests=tables.tests(both),
        took=tables.took(both),
        difference=list(tables.difference(*(one["text"] for one in both))),
    )  # fmt: skip


def _names(first: str, second: str) -> list[str]:
    """Return what the runs are called in the heads of columns: their words, if these differ."""
    words_ = [name[len("2026-11-24-") :] or name for name in (first, second)]
    return words_ if words_[0] != words_[1] else [first, second]


def _shared(first: Run, second: Run) -> set[str]:
    return {step.name for step in first.plan.steps} & {step.name for step in second.plan.steps}


def _only(run: Run, other: Run) -> list[str]:
    shared = _shared(run, other)
    return [step.name for step in run.plan.steps if step.name not in shared]


def _environment() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "num": words.num,
        "fixed": words.fixed,
        "places": words.places,
        "given": words.given,
        "plain": words.plain,
        "short": words.short,
        "percent": words.percent,
        "date": words.date,
        "took": style.seconds,
        "size": style.size,
    }
    made.globals |= {"version": __version__, "css": Markup((HERE / "style.css").read_text())}  # noqa: S704
    return made


def _drawn(found: Mapping[str, Any]) -> dict[str, Markup]:
    points, unit, tuning = found["points"], found["unit"], found["tuning"]
    drawn: dict[str, Markup] = {}
    if points["dots"]:
        drawn["predicted"] = charts.predicted(points["dots"], unit)
        drawn["residuals"] = charts.residuals(points["dots"], points["residuals"], unit)
    if points["coverage"] and found["interval"]:
        wanted = found["interval"]["coverage"]
        drawn["coverage"] = charts.coverage(points["coverage"], wanted, unit)
    if tuning and tuning["history"]:
        drawn["trials"] = charts.trials(tuning, unit)
    return drawn
