"""What a person sees of a tuning: how far it is, and what it came to."""

import io

import pytest
from rich.console import Console

from concrete_cli.backend import Event, State
from concrete_cli.plan import Output, Plan, Step
from concrete_cli.view import finetune
from concrete_cli.view.progress import Live

PLAN = Plan("finetune", (Step("tune_0", "tune.py", outputs=(Output("tune_0", "tried"),)),))
TUNING = {"trials": 9, "seconds": 2.0, "metric": "rmse", "untuned": 5.0, "best": 4.5}


def drawn(log, text, width=120):
    log.write_text(text)
    live = Live(PLAN, {"tune_0": 75.0})
    live.show(Event("tune_0", State.RUNNING, facts={"log": str(log)}))
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(live)
    return console.export_text()


def test_a_running_step_shows_the_last_line_of_progress_in_its_log(tmp_path):
    log = tmp_path / "log.txt"
    text = "progress: 1 of 9 trials\nprogress: 2 of 9 trials, best rmse 4.8\n"

    assert "2 of 9 trials, best rmse 4.8" in drawn(log, text)
    assert "of 9 trials" not in drawn(log, text + "something else\n")
    assert "[/nothing] [red" in drawn(log, "progress: [/nothing] [red\n")


def test_in_a_narrow_terminal_what_a_step_says_of_itself_takes_no_room_from_the_rest(tmp_path):
    told = "12 of 50 trials, best rmse 5.545, 25 s left"
    heading, row = drawn(tmp_path / "log", f"progress: {told} (untuned 5.678)\n", 80).splitlines()

    assert heading.split() == ["step", "state", "took"]
    assert f"tune_0  running  0.0 s  {told}" in row
    assert "expected" in drawn(tmp_path / "log", f"progress: {told}\n", 120)


@pytest.mark.parametrize(
    ("kept", "gain", "spread", "told"),
    [
        ("tuned", 0.5, 0.1, "rmse 5.000 → 4.500, gain 0.500 ± 0.100|9 trials in 2.0 s: the tuned"),
        ("untuned", 0.05, 0.1, "gain 0.050 ± 0.100, 9 trials in 2.0 s|not more than its"),
        ("untuned", 0.0, None, "gain 0.000, 9 trials"),
    ],
)
def test_the_summary_says_which_model_is_kept_and_why(kept, gain, spread, told):
    tuning = TUNING | {"kept": kept, "gain": gain, "gain_se": spread}
    lines = [*finetune.lines({"tuning": tuning})]
    assert told in "|".join(line[10:] for line in lines)
    assert max(map(len, lines)) <= 80


def test_gates_and_the_version():
    gates = [
        {"metric": "rmse", "rule": "<= 4", "value": 5.0, "met": False},
        {"metric": "r2", "rule": "> 0", "value": None, "met": False, "note": "a note"},
    ]
    found = {"gates": gates, "registered": {"name": "a", "version": 3}}
    lines = list(finetune.lines(found))

    assert lines[0].endswith("rmse 5, wanted <= 4")
    assert lines[1].endswith("r2 unknown, wanted > 0")
    assert lines[2] == "            a note"
    assert lines[3] == "registered a:3"
    assert list(finetune.lines({})) == []
