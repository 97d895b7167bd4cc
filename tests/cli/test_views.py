"""What people read, in a terminal of 80 columns."""

import io
import json
import os
import pty
import sys
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from concrete_cli.backend import Event, State
from concrete_cli.cli import streams
from concrete_cli.commands.history import _only
from concrete_cli.plan import Output, Plan, Step
from concrete_cli.view import endpoints, history, output, progress, score, style

RUNS = ["2026-11-24-valley", "2026-11-25-eagle"]
LONG = [f"train_{name}" for name in ("hist_gradient_boosting", "gradient_boosting", "xgboost")]


def compared(**facts):
    found = {"runs": RUNS, "only": [[], []], "params": [], "leaderboard": [], "test": [None, None]}
    found["versions"] = []
    return found | facts


def shown(capsys, found):
    history.comparison(found, as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    return lines


def test_a_comparison_names_steps_of_one_run_once(capsys):
    params = [
        {"step": name, "param": key, "values": [None, "x" * 50]}
        for name in LONG
        for key in ("model", "params", "seed")
    ]
    lines = shown(capsys, compared(only=[[], LONG], params=params))
    assert lines[:2] == [
        "only in 2026-11-25-eagle: train_hist_gradient_boosting, train_gradient_boosting,",
        "  train_xgboost",
    ]
    assert not any("x" * 10 in line for line in lines)


def test_a_comparison_goes_into_tables(capsys):
    values = [{"max_depth": 5, "criterion": "y" * 50, "min": 1}, {"criterion": "z" * 50, "min": 1}]
    param = {"step": "train_decision_tree", "param": "params", "values": values}
    lines = shown(capsys, compared(params=[param]))
    assert [line.split() for line in lines[1:3]] == [
        ["train_decision_tree", "params.max_depth", "5", "->", "(none)"],
        ["train_decision_tree", "params.criterion", "y" * 15 + "...", "->", "z" * 15 + "..."],
    ]


def test_a_comparison_of_equal_runs(capsys):
    board = [{"candidate": "hist_gradient_boosting", "cv": [{"rmse": 5.5}, {"rmse": 5.25}]}]
    lines = shown(capsys, compared(leaderboard=board))
    assert lines[0] == "the plans have the same parameters"
    assert lines[3].split() == ["hist_gradient_boosting", "5.5000", "5.2500", "-0.2500"]


def test_steps_that_only_one_plan_has():
    one, two = (Step(name, "s.py", outputs=(Output(name, "out"),)) for name in ("one", "two"))
    assert _only(Plan("p", (one,)), Plan("p", (two,))) == [["one"], ["two"]]
    assert _only(Plan("p", (one,)), Plan("p", (one, two))) == [[], ["two"]]


def test_a_reason_is_brief_where_many_are_listed():
    assert output._first(["split runs first"]) == "split runs first"
    waits = [f"{name} runs first" for name in LONG]
    assert output._first(waits[1:]) == "train_gradient_boosting runs first, and 1 more"
    assert (
        output._first(["params.names: " + "x" * 90, "a", "b"]) == "params.names changed, and 2 more"
    )
    assert output._first([]) == ""


def test_paths_below_the_working_folder_are_short(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert style.path(str(tmp_path / "a" / "b c")) == "a/b c"
    assert style.path(str(tmp_path.parent / "a")) == str(tmp_path.parent / "a")


@pytest.fixture
def drawn():
    """Draw the live table of thirty steps into a terminal of so many lines."""
    steps = tuple(
        Step(f"train_{n}", "s.py", outputs=(Output(f"train_{n}", "o"),)) for n in range(30)
    )
    live = progress.Live(Plan("p", steps), {"train_20": 5})
    states = {0: State.DONE, 1: State.DONE, 2: State.FAILED, 20: State.RUNNING, 21: State.RUNNING}
    for number, state in states.items():
        live.show(Event(f"train_{number}", state))

    def draw(height, *, whole=False):
        live.whole = whole
        console = Console(file=io.StringIO(), width=80, height=height, force_terminal=True)
        lines = console.render_lines(live, pad=False)
        return ["".join(part.text for part in line).strip() for line in lines]

    return draw


def test_a_terminal_shorter_than_the_plan_shows_what_runs_and_how_much_is_left(drawn):
    lines = drawn(8)
    assert len(lines) == 7
    assert [line.split()[1] for line in lines[1:-1]] == [
        "train_2",
        "train_3",
        "train_4",
        "train_20",
        "train_21",
    ]
    assert lines[-1] == "and 25 more: 2 done, 23 waiting"


@pytest.mark.parametrize(("height", "whole"), [(40, False), (8, True)])
def test_a_plan_that_fits_and_one_that_has_ended_are_shown_whole(drawn, height, whole):
    lines = drawn(height, whole=whole)
    assert len(lines) == 31
    assert "more" not in lines[-1]


def test_nothing_fits_into_a_terminal_of_two_lines_and_nothing_breaks(drawn):
    assert len(drawn(2)) <= 3


def test_a_terminal_shows_the_log_of_an_endpoint_and_a_pipe_has_its_json(monkeypatch):
    request = {"time": 1795581043.4, "pid": 17, "request": "85ce", "method": "POST"}
    request |= {"path": "/score", "status": 200, "ms": 135.75, "rows": 42, "score_ms": 9}
    event = {"time": 1795581043.4, "pid": 17, "event": "the model is loaded", "model": "mix:1"}
    lines = [json.dumps(request), json.dumps(event), "what a library printed"]

    assert [endpoints.log_line(line, as_json=False) for line in lines] == lines

    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("NO_COLOR", "1")
    assert [endpoints.log_line(line, as_json=True) for line in lines] == lines
    shown = [endpoints.log_line(line, as_json=False) for line in lines]
    assert [line[19:] for line in shown[:2]] == [
        "  200  POST /score  135.8 ms  rows 42",
        "  the model is loaded  model mix:1",
    ]
    assert shown[2] == lines[2]


def test_who_types_is_told_that_it_is_waited_for(monkeypatch, capsys):
    ours, theirs = pty.openpty()
    with os.fdopen(theirs) as terminal, os.fdopen(ours, "wb") as typist:
        monkeypatch.setattr(sys, "stdin", terminal)
        typist.write(b"a,b\n\x04")
        typist.flush()
        assert streams.typed("rows of CSV", "--data FILE reads a file").read() == b"a,b\n"
    told = "type or paste rows of CSV, end it with Ctrl-D; --data FILE reads a file\n"
    assert capsys.readouterr().err == told


def test_the_error_of_a_candidate_is_one_line_that_cannot_drive_the_terminal(capsys):
    error = "ValueError: first \x1b[31mred\x1b[0m\x1b[2J\n  second " + "q" * 3000
    failed = {"candidate": "odd", "status": "failed", "error": error}
    result = {"run": "r", "leaderboard": [failed], "selected": None, "test": None, "steps": []}

    output.result(result | {"seconds": 1, "paths": {"run": "/home/runs/r"}}, as_json=False)

    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1
    assert told[0].startswith("warning: candidate odd failed: ValueError: first red�[2J second qqq")
    assert len(told[0]) < 500
    assert told[0].endswith("(concrete logs r train_odd --home /home)")


@pytest.mark.parametrize(
    ("status", "took"), [("running", ""), ("interrupted", ""), ("done", "  4.0 s")]
)
def test_only_a_run_that_has_ended_has_taken_its_time(capsys, status, took):
    step = {"name": "one", "state": "done"}
    result = {"run": "r", "status": status, "leaderboard": [], "selected": None, "test": None}

    output.result(result | {"steps": [step], "seconds": 4, "paths": {}}, as_json=False)

    assert capsys.readouterr().out == f"run       r  1 done{took}\n"


def test_a_step_that_took_minutes_stands_in_line_with_the_others(capsys, monkeypatch):
    rows = [
        {"step": f"s{seconds}", "decision": "reuse", "run": "r", "why": [], "seconds": seconds}
        for seconds in (1, 67, 754)
    ]
    monkeypatch.setattr("concrete_cli.commands.forecasts.of", lambda _: rows)

    output.forecast(SimpleNamespace(plan=None), as_json=False)

    lines = capsys.readouterr().out.splitlines()[:3]
    assert {line.index("  from r") for line in lines} == {len("reuse  s754  12 min 34 s") - 1}


def test_one_row_that_is_unlike_the_others(capsys):
    found = {"rows": 6, "seconds": 0.1, "warned": 1, "odd": {"size": 1}, "out": "-"}

    score.scored(found, SimpleNamespace(id=RUNS[0]), as_json=False)

    assert "warning: 1 row is unlike the training rows: size 1" in capsys.readouterr().err


def test_a_score_that_there_is_none_of_is_a_dash():
    """A fold of one row, or whose rows are all the same, has no r2."""
    cv = {"rmse": 0.5, "mae": 0.25, "r2": None, "se": 0.125}
    gap = {"mean": 0.0, "se": 0.0}
    line = {"candidate": "tree", "status": "done", "cv": cv, "difference": gap, "seconds": 1.0}
    result = {"selected": {"candidate": "tree"}, "leaderboard": [line]}

    lines = output.leaderboard(result)

    assert lines[1].split()[:6] == ["→", "tree", "0.500", "0.125", "0.250", "-"]


@pytest.mark.parametrize(
    ("unit", "best", "gap", "test"),
    [
        (1, "5.359", "+0.034 ± 0.120", "rmse 4.680 [3.749, 5.569]  mae 3.375  r2 0.922"),
        (1e-3, "0.00536", "+0.00003 ± 0.00012", "rmse 0.00468 [0.00375, 0.00557]"),
        (1e-8, "5.36e-08", "+3.40e-10 ± 1.20e-09", "rmse 4.68e-08 [3.75e-08, 5.57e-08]"),
        (1e12, "5.36e+12", "+3.40e+10 ± 1.20e+11", "rmse 4.68e+12 [3.75e+12, 5.57e+12]"),
    ],
)
def test_scores_are_told_in_whatever_unit_the_target_has(capsys, unit, best, gap, test):
    def tried(name, rmse, **more):
        cv = {"rmse": rmse * unit, "se": 0.5 * unit, "mae": 3.6 * unit, "r2": 0.89}
        return {"candidate": name, "status": "done", "cv": cv, "seconds": 1.0} | more

    apart = {"mean": 0.034 * unit, "se": 0.12 * unit}
    board = [tried("voting", 5.359), tried("ridge", 5.393, difference=apart)]
    found = {"selected": {"candidate": "voting"}, "leaderboard": board}
    lines = output.leaderboard(found)
    measured = {"rmse": 4.68 * unit, "mae": 3.375 * unit, "r2": 0.922, "coverage": 0.9, "rows": 9}
    measured["rmse_ci"] = [3.749 * unit, 5.569 * unit]

    assert best in lines[1]
    assert gap in lines[2]
    assert max(map(len, lines)) <= 80
    assert test in output._test(measured)


def tried(name, rmse, **more):
    cv = {"rmse": rmse, "se": 0.5, "mae": 3.6, "r2": 0.89}
    return {"candidate": name, "status": "done", "cv": cv, "seconds": 754.0} | more


BOARD = {
    "selected": {"candidate": "voting"},
    "leaderboard": [
        tried("voting", 5.359),
        tried("hist_gradient_boosting", 5.393, difference={"mean": 0.034, "se": 0.12}),
    ],
}


@pytest.mark.parametrize("columns", [80, 60, 40])
def test_a_narrow_terminal_breaks_no_word_of_a_table(monkeypatch, columns):
    wide = output.leaderboard(BOARD)
    monkeypatch.setenv("COLUMNS", str(columns))

    lines = output.leaderboard(BOARD)

    assert max(map(len, lines)) <= columns
    assert {word for line in lines for word in line.split()} <= {
        word for line in wide for word in line.split()
    }
    assert ("5.393" in lines[2]) is (columns == 80), "at 80 columns there is one line a candidate"
    assert "→" in "".join(lines)


def test_a_long_last_column_goes_on_below_itself(monkeypatch):
    rows = [
        ["run", "train_knn", "params.max_depth changed, and many more reasons"],
        ["a", "b", "c"],
    ]
    monkeypatch.setenv("COLUMNS", "44")
    assert style.table(rows) == [
        "run  train_knn  params.max_depth changed,",
        "                and many more reasons",
        "a    b          c",
    ]


def test_no_terminal_no_limit(monkeypatch):
    monkeypatch.delenv("COLUMNS")
    assert len(style.table([["x" * 300, "y"]])) == 1
    assert style.fit("word " * 100) == ["word " * 100]


@given(st.lists(st.text("ab \x1b", max_size=12), max_size=6).map(" ".join), st.integers(12, 40))
def test_lines_that_are_broken_hold_the_same_words(line, room):
    found = style.fit(line, "  ", room)
    assert [word for one in found for word in one.split()] == line.split()
    for one in (style.COLOUR.sub("", one) for one in found):
        assert len(one) <= room or max(map(len, one.split())) + len("  ") > room
