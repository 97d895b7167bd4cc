"""`-` wherever a file is named, and dry runs: what is read and written, and what is not."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import served
from concrete_cli import home
from concrete_cli.registry.models import Models
from toy import Toy

TREE = """
[experiment]
name = "mix"
[data]
source = "rows.csv"
target = "y"
[train.candidates.tree]
model = "decision_tree"
[register]
name = "mix"
"""


@pytest.fixture
def toy(tmp_path):
    toy = Toy(tmp_path, "concrete.toml")
    toy.go.touch()
    return toy


def looks(folder):
    """Return what is below a folder, and when it was changed."""
    return {str(path): path.lstat().st_mtime_ns for path in folder.rglob("*")}


def test_an_experiment_comes_from_stdin(concrete, toy, tmp_path):
    text = toy.file.read_text()
    toy.file.unlink()

    assert "no problems, 2 steps" in concrete("check", "-", stdin=text).stdout
    wrong = concrete("check", "-", stdin=text.replace("outputs", "outptus"), code=3).stderr
    assert "--> -:6:1" in wrong
    assert concrete("plan", "-", "--exit-code", stdin=text, code=10).stdout
    done = concrete("run", "-", "--json", stdin=text).json()
    assert done["status"] == "done"
    assert done["paths"]["run"].startswith(str(tmp_path / ".concrete"))
    assert concrete("plan", "-", "--exit-code", "-q", stdin=text).stdout == ""


def test_rows_for_init_come_from_stdin(concrete, tmp_path):
    rows = served.rows(40, mixed=False).to_csv(index=False)

    made = concrete("init", "mix", "--data", "-", "--target", "y", "--json", stdin=rows).json()

    assert made["rows"] == 40
    assert (tmp_path / "mix" / "rows.csv").read_text() == rows
    concrete("check", "mix/concrete.toml")
    concrete("init", "other", "--data", "-", "--target", "z", stdin=rows, code=5)
    assert not (tmp_path / "other" / "rows.csv").exists()


def test_a_model_goes_through_a_pipe(concrete, tmp_path):
    served.model(tmp_path / "model", mixed=False)
    Models(home.prepare(tmp_path / "a")).publish("mix", tmp_path / "model")
    command = Path(sys.executable).with_name("concrete")

    archive = subprocess.run(
        [command, "models", "export", "mix", "-", "--home", "a"],
        cwd=tmp_path,
        capture_output=True,
        check=True,
    )
    done = subprocess.run(
        [command, "models", "import", "-", "--home", "b", "--json"],
        cwd=tmp_path,
        input=archive.stdout,
        capture_output=True,
        check=True,
    )

    assert json.loads(done.stdout)["registered"] == {"name": "mix", "version": 1}
    assert not [path for path in tmp_path.iterdir() if path.suffix == ".zip"]


@pytest.mark.parametrize("command", ["run", "plan", "why"])
def test_who_only_asks_writes_nothing(concrete, toy, tmp_path, command):
    words = {"run": ["run", "--dry-run"], "plan": ["plan"], "why": ["why", "first"]}[command]
    before = looks(tmp_path)
    concrete(*words)
    assert looks(tmp_path) == before

    concrete("run")
    before = looks(tmp_path)
    concrete(*words)
    concrete(*words, "--set", "pipeline.steps.first.params.more=1")
    assert looks(tmp_path) == before


def test_a_dry_run_of_train_finetune_score_and_deploy_writes_nothing(concrete, tmp_path):
    (tmp_path / "concrete.toml").write_text(TREE)
    rows = served.rows(40, mixed=False)
    rows.to_csv(tmp_path / "rows.csv", index=False)
    before = looks(tmp_path)
    concrete("train", "--dry-run")
    concrete("finetune", "--dry-run", code=5)
    concrete("score", "--data", "rows.csv", "--dry-run", code=5)
    assert looks(tmp_path) == before

    served.model(tmp_path / "model", mixed=False)
    Models(home.prepare(tmp_path / ".concrete")).publish("mix", tmp_path / "model")
    shutil.rmtree(tmp_path / "model")
    before = looks(tmp_path)
    for source, stdin in (("rows.csv", ""), ("-", rows.to_csv(index=False))):
        assert "to run" in concrete("score", "--data", source, "--dry-run", stdin=stdin).stdout
    concrete("deploy", "--dry-run")
    away = f"https://example.org/rows.csv#sha256={'0' * 64}"
    told = concrete("score", "--data", away, "--dry-run", code=2).stderr
    assert "a dry run fetches nothing" in told
    assert looks(tmp_path) == before
