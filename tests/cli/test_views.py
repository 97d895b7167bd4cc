"""What people read, in a terminal of 80 columns."""

from concrete_cli.history import _only
from concrete_cli.plan import Output, Plan, Step
from concrete_cli.view import history, output, style

RUNS = ["2026-11-24-valley", "2026-11-25-eagle"]
LONG = [f"train_{name}" for name in ("hist_gradient_boosting", "gradient_boosting", "xgboost")]


def compared(**facts):
    found = {"runs": RUNS, "only": [[], []], "params": [], "leaderboard": [], "test": [None, None]}
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
