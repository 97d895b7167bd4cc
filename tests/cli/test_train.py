"""`concrete train` as a user types it, on the real data."""

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SMALL = f"""
extends = {json.dumps(str(ROOT / "configs" / "concrete.toml"))}
"""
FEW = ["--set", 'train.candidates={linear={model="linear"},tree={model="decision_tree"}}']


@pytest.fixture
def experiment(tmp_path):
    path = tmp_path / "concrete.toml"
    path.write_text(SMALL)
    return path


@pytest.fixture(scope="module")
def kept():
    """The home after the first training here, and what that told."""
    return {}


@pytest.fixture
def trained(kept, concrete, experiment, tmp_path, tmp_path_factory):
    """Train with FEW, or copy the home in which that was done before; return what it told."""
    home = tmp_path / ".concrete"
    if kept:
        shutil.copytree(kept["home"], home)
    else:
        told = concrete("train", experiment, *FEW, "--json")
        kept["home"] = shutil.copytree(home, tmp_path_factory.mktemp("trained") / "home")
        kept["told"] = told
    return kept["told"]


def test_train_selects_by_cross_validation_and_reuses_all_of_it(
    concrete, experiment, trained, tmp_path
):
    first = trained.json()

    assert first["status"] == "done"
    assert {step["state"] for step in first["steps"]} == {"done"}
    names = [step["name"] for step in first["steps"]]
    assert names == ["prepare", "split", "train_linear", "train_tree", "select", "evaluate"]
    best = min(first["leaderboard"], key=lambda one: one["cv"]["rmse"])
    assert first["selected"]["candidate"] == best["candidate"]
    low, high = first["test"]["rmse_ci"]
    assert low < first["test"]["rmse"] < high
    model = Path(first["paths"]["model"])
    assert model.parts[-4:] == (".concrete", "runs", first["run"], "model")
    assert tmp_path.joinpath(*model.parts[-4:], "model.skops").is_file()

    assert [warning[:21] for warning in first["warnings"]] == [
        "row 115 looks wrong: ",
        "row 733 looks wrong: ",
    ]

    second = concrete("train", experiment, *FEW, "--json").json()

    assert {step["state"] for step in second["steps"]} == {"reused"}
    for part in ("leaderboard", "selected", "test"):
        assert second[part] == first[part]
    line = shlex.join([sys.executable, "-m", "concrete_cli", "show", "latest"])
    told = subprocess.check_output(f"{line} 2>&1", shell=True, text=True, cwd=tmp_path)
    warning, table, blank = (
        told.index(part)
        for part in ("warning: 2 oddities in the data: concrete logs 20", "→  ", "\n\nselected")
    )
    assert warning < table < blank, "it stands above the table, not in the midst of the result"


def test_a_changed_parameter_runs_only_what_depends_on_it(concrete, experiment, trained):
    change = ["--set", "train.candidates.tree.params.max_depth=4"]

    plan = concrete("plan", experiment, *FEW, *change, "--json").json()
    done = concrete("train", experiment, *FEW, *change, "--json").json()

    expected = {"train_tree", "select", "evaluate"}
    assert {row["step"] for row in plan["steps"] if row["decision"] == "run"} == expected
    assert {step["name"] for step in done["steps"] if step["state"] == "done"} == expected
    why = concrete("why", experiment, "train_tree", *FEW, *change, "--set", "experiment.seed=7")
    assert why.stdout == "params.seed: 0 -> 7\nsplit runs first\n"


def test_why_names_the_ingredient_that_changed(concrete, experiment, trained):
    why = concrete("why", experiment, "split", *FEW, "--set", "split.test_fraction=0.3")

    assert why.stdout == "params.test_fraction: 0.2 -> 0.3\n"
    deep = ["--set", "train.candidates.tree.params.max_depth=3"]
    why = concrete("why", experiment, "train_tree", *FEW, *deep)
    assert why.stdout == "params.params.max_depth: new, 3\n"


def test_a_failed_step_shows_its_last_lines_and_how_to_replay_it(concrete, experiment, tmp_path):
    header = (ROOT / "data" / "concrete.csv").read_text().partition("\n")[0]
    (tmp_path / "empty.csv").write_text(header)
    source = ["--set", f'data.source="{tmp_path / "empty.csv"}"']

    failed = concrete("train", experiment, *FEW, *source, code=4)

    assert "error: step prepare exited with 3" in failed.stderr
    assert "has a header but no rows" in failed.stderr
    assert "replay: " in failed.stderr
    assert "concrete resume" in failed.stderr
    assert failed.stdout == ""


def test_commands_about_runs(concrete, experiment, trained, tmp_path):
    run = trained.json()["run"]

    listed = concrete("runs", "--json").json()["runs"]
    shown = concrete("show", run[:-1], "--json").json()
    logs = concrete("logs", "latest", "prepare", "--json").json()["logs"]
    again = concrete("resume", "--json").json()
    removed = concrete("gc", "--older-than", "0s", "--yes", "--json").json()

    assert [row["run"] for row in listed] == [run]
    assert shown["run"] == run
    assert again == shown  # what is done is done, and took as long as it took
    assert set(logs) == {"prepare"}
    assert logs["prepare"].startswith("concrete.csv: 1030 rows, 9 columns, 25 duplicate rows")
    assert (removed["runs"], removed["entries"]) == (1, 6)
    assert concrete("show", run, code=5).stderr.splitlines() == [
        f"error: no run called '{run}'",
        f"help: no run has been made in {tmp_path / '.concrete'} yet: concrete train {experiment}",
    ]


@pytest.mark.parametrize(
    ("words", "option"),
    [(("gc", "--older-than"), "--older-than"), (("warm", "start", "--idle"), "--idle")],
)
def test_a_duration_that_is_none(concrete, experiment, words, option):
    told = concrete(*words, "30x", code=2).stderr
    assert told.startswith(f"error: {option} 30x: expected a duration such as")


def test_what_is_told_of_a_resumed_run_is_what_it_came_to_then(concrete, tmp_path):
    """Data that was corrected meanwhile runs all of it again; copies of before must not stay."""
    rows = [f"{number},{number % 7}" for number in range(60)]
    (tmp_path / "rows.csv").write_text("\n".join(["a,y", *rows]))
    (tmp_path / "concrete.toml").write_text(
        '[experiment]\nname = "toy"\n[data]\nsource = "rows.csv"\ntarget = "y"\n'
        '[train.candidates.linear]\nmodel = "linear"\n'
    )
    first = concrete("train", "--json").json()
    (tmp_path / "rows.csv").write_text("\n".join(["a,y", *(f"{row}00" for row in rows)]))

    second = concrete("resume", "latest", "--json").json()

    assert {step["state"] for step in second["steps"]} == {"done"}
    for part in ("selected", "test", "leaderboard"):
        assert second[part] != first[part]
    assert second["selected"]["cv"]["rmse"] == pytest.approx(100 * first["selected"]["cv"]["rmse"])
