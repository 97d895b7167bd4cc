"""`concrete finetune`, `models` and `reproduce` as a user types them."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from concrete_cli import execute
from concrete_cli.commands.reproduce import reproduce
from concrete_cli.errors import StepFailed
from concrete_cli.execute import Request
from concrete_cli.workspace import Workspace
from stepping import mixed

TEXT = """
[experiment]
name = "toys"
[data]
source = "toys.csv"
target = "price"
[split]
group_by = ["size"]
[train]
folds = 3
[train.candidates.ridge]
model = "ridge"
params = { alpha = 100.0 }
[finetune]
trials = 10
workers = 2
sampling = "random"
[register]
name = "toys"
require = { rmse = "<= 100.0" }
better_than = "production"
"""


def write(folder):
    mixed(150).to_csv(folder / "toys.csv", index=False)
    (folder / "concrete.toml").write_text(TEXT)
    return folder / "concrete.toml"


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """An experiment that was trained once, for all tests."""
    file = write(tmp_path_factory.mktemp("base"))
    command = [str(Path(sys.executable).with_name("concrete")), "train", "-q"]
    subprocess.run(command, cwd=file.parent, check=True, stdout=subprocess.DEVNULL)
    return file


@pytest.fixture
def trained(concrete, base, tmp_path, monkeypatch):
    """Run commands on that experiment, in a home of the test's own; return the home."""
    shutil.copytree(base.parent / ".concrete", tmp_path / "home")
    monkeypatch.setenv("CONCRETE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(base.parent)
    return tmp_path / "home"


@pytest.fixture
def here(concrete, base, trained):
    """Run `concrete` beside the experiment."""

    def run(*args, **given):
        return concrete(*args, cwd=base.parent, **given)

    return run


def test_from_training_to_a_registered_model_and_back(concrete, tmp_path):
    write(tmp_path)
    missing = concrete("finetune", "--json", code=5).json()["error"]
    assert missing["help"] == f"train first: concrete train {tmp_path / 'concrete.toml'}"
    train = concrete("train", "--json").json()

    first = concrete("finetune", "--json").json()

    tuning = first["tuning"]
    assert tuning["trials"] == 10
    assert tuning["kept"] == "tuned"
    assert tuning["gain"] > tuning["gain_se"]
    assert first["selected"]["candidate"] == "ridge_tuned"
    assert first["registered"] == {"name": "toys", "version": 1}
    assert [gate["met"] for gate in first["gates"]] == [True, True]
    assert first["test"]["rmse"] < train["test"]["rmse"]

    again = concrete("finetune", "--from", train["run"], "--json").json()
    assert {step["state"] for step in again["steps"]} == {"reused"}
    assert again["registered"] == first["registered"]
    assert again["tuning"] == tuning

    (row,) = concrete("models", "list", "--json").json()["models"]
    assert (row["name"], row["version"]) == ("toys", 1)
    assert row["run"] == first["run"]
    assert row["metrics"]["rmse"] == first["test"]["rmse"]

    shown = concrete("models", "show", "toys", "--json").json()
    runs = shown["lineage"]["runs"]
    assert [one["run"] for one in runs] == [first["run"], train["run"]]
    (data,) = shown["lineage"]["data"]
    assert data["source"] == str(tmp_path / "toys.csv")
    assert shown["damage"] is None
    assert "# toys" in concrete("models", "show", "toys").stdout

    same = concrete("reproduce", "toys:1", "--json").json()
    assert same["same"]
    assert same["files"] == {"model.skops": True, "predictions.parquet": True}
    assert list((tmp_path / ".concrete" / "tmp").iterdir()) == []

    def fails(run, space, backend):
        (run.folder / "log").write_text("why")
        raise StepFailed("split", "exited with 1", log=str(run.folder / "log"))

    with pytest.raises(StepFailed, match="exited with 1") as failed:
        reproduce(Workspace(tmp_path / ".concrete"), "toys:1", fails)
    assert Path(failed.value.log).read_text() == "why"
    assert "concrete gc" in failed.value.help
    concrete("gc")
    assert not Path(failed.value.log).exists()

    rows = (tmp_path / "toys.csv").read_text()
    (tmp_path / "toys.csv").write_text(rows.replace("red", "blue"))
    other = concrete("reproduce", "toys:1", "--json", code=8).json()
    assert not other["same"]
    assert "toys.csv has changed" in other["differences"][0]
    (tmp_path / "toys.csv").unlink()
    gone = concrete("reproduce", "toys:1", code=8)
    assert "toys.csv is gone" in gone.stdout


def test_gates_and_aliases(here):
    strict = ["--set", 'register.require={rmse="<= 0.001",coverage=">= 0.0"}']

    refused = here("finetune", *strict, "--json", code=6).json()

    assert refused["error"]["kind"] == "GateNotMet"
    assert refused["registered"] is None
    assert [(gate["metric"], gate["met"]) for gate in refused["gates"]] == [
        ("rmse", False),
        ("coverage", True),
        ("rmse", True),
    ]
    assert (Path(refused["paths"]["report"]) / "metrics.json").is_file()
    assert here("models", "list", "--json").json()["models"] == []
    told = here("finetune", *strict, code=6)
    assert "error: gate not met: rmse " in told.stderr
    assert "tuning    rmse" in told.stdout

    here("finetune", "-q")
    here("models", "tag", "toys:1", "production")
    beaten = here("finetune", "--trials", "1", "--json", code=6).json()  # the untuned model
    gate = beaten["gates"][-1]
    assert not gate["met"]
    assert gate["rule"].startswith("better than production: < ")
    assert here("models", "verify", "--json").json()["models"] == [
        {"name": "toys", "version": 1, "damage": None}
    ]
    here("models", "untag", "toys@production")
    here("models", "delete", "toys:1", "--yes")
    assert "no models yet" in here("models").stdout


def test_what_makes_no_sense_is_said(here, trained):
    wrong = here("finetune", "--from", "nobody", code=5)
    assert "no run called 'nobody'" in wrong.stderr
    run = here("finetune", "--json").json()["run"]
    assert "is a finetune run" in here("finetune", "--from", run, code=2).stderr
    assert "expected a duration" in here("finetune", "--budget", "soon", code=3).stderr
    space = ["--set", 'finetune.space.ridge={alpha="uniform(2, 1)"}']
    assert "is not below high" in here("finetune", *space, code=3).stderr
    for name in ("../x", "a/b", "x" * 300):
        assert "is no model" in here("models", "show", name, code=2).stderr
    assert "names no single version" in here("models", "delete", "toys", code=2).stderr
    model = trained / "models" / "toys" / "1" / "model.skops"
    model.chmod(0o600)
    model.write_bytes(b"")
    assert "model.skops has changed" in here("models", "verify", code=8).stdout
    assert "is damaged" in here("models", "export", "toys", "x.zip", code=8).stderr


def test_plan_and_dry_run_show_the_steps(here):
    names = ["tune_0", "tune_1", "select", "evaluate", "register"]

    plan = here("plan", "--workflow", "finetune", "--json").json()
    dry = here("finetune", "--dry-run", "--json").json()

    assert [row["step"] for row in plan["steps"]] == names
    assert dry["steps"] == plan["steps"]
    assert len(here("runs", "--json").json()["runs"]) == 1


def test_deploy_serves_what_finetune_has_just_registered(here):
    """Trained and tuned at seed 0, at seed 5, and at seed 0 again, where nothing is new."""
    for seed, version in ((0, 1), (5, 2), (0, 1), (5, 2)):
        sets = ("--set", f"experiment.seed={seed}")
        here("train", *sets, "-q")
        registered = here("finetune", *sets, "--trials", "3", "--json").json()["registered"]
        assert registered == {"name": "toys", "version": version}
        request = Request("deploy", Path("concrete.toml"))
        bundle = execute.prepare(request).plan.step("bundle")
        assert bundle.params["name"] == f"toys:{version}"
    # Going on with a run that is done registers nothing again.
    oldest = here("runs", "--json").json()["runs"][-2]
    here("resume", oldest["run"], "-q")
    assert here("models", "show", "toys", "--json").json()["version"] == 2


def start(*args, failpoint=""):
    """Start the command in a session of its own, as a terminal would."""
    command = [str(Path(sys.executable).with_name("concrete")), *args]
    return subprocess.Popen(
        command,
        env={**os.environ, "CONCRETE_FAILPOINT": failpoint},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def test_a_killed_tuning_goes_on_from_its_journal(here, trained):
    sets = ["--set", 'finetune.space.ridge={alpha="loguniform(0, 3)"}', "--trials", "3000"]
    process = start("finetune", *sets)

    def written():
        files = list(trained.glob("runs/*/state/tune_*/trials.jsonl"))
        return min((len(file.read_bytes().splitlines()) for file in files), default=0)

    deadline = time.monotonic() + 60
    while written() < 20 and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    before = written()
    run = here("runs", "--json").json()["runs"][0]
    assert run["status"] == "interrupted"
    lines = {path: path.read_bytes() for path in trained.glob("runs/*/state/*/trials.jsonl")}
    assert before >= 20

    process = start("resume", run["run"])
    deadline = time.monotonic() + 60
    while written() < before + 5 and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()

    for path, text in lines.items():
        whole = text[: text.rfind(b"\n") + 1]
        assert path.read_bytes().startswith(whole)  # nothing was tried again


def test_a_process_killed_before_it_registers_registers_on_resume(here, trained):
    for failpoint in ("model:rename", "run:registered"):
        assert start("finetune", failpoint=failpoint).wait() == -signal.SIGKILL
        run = here("runs", "--json").json()["runs"][0]
        done = json.loads(here("resume", run["run"], "--json").stdout)
        assert done["registered"] == {"name": "toys", "version": 1}
    assert len(here("models", "list", "--json").json()["models"]) == 1
