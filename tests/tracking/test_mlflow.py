"""Runs told to a real MLflow, on SQLite; and what happens when there is none."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from concrete_cli import config, execute, home, tracking, tracking_facts
from concrete_cli.backend import Options
from concrete_cli.errors import BackendUnavailable
from concrete_cli.execute import Request
from concrete_cli.plan import Plan
from concrete_cli.registry.models import Models
from concrete_cli.workspace import Workspace

ROOT = Path(__file__).parents[2]
needs_mlflow = pytest.mark.skipif(not find_spec("mlflow"), reason="MLflow is not installed")
EXPERIMENT = f"""
extends = {json.dumps(str(ROOT / "configs" / "concrete.toml"))}
[finetune]
trials = 3
workers = 1
[register]
name = "strength"
[tracking]
mlflow = "sqlite:///told.db"
"""
FEW = 'train.candidates={ridge={model="ridge"},tree={model="decision_tree",params={max_depth=5}}}'
OWN = """
[experiment]
name = "mine"
[pipeline.steps.one]
script = "step.py"
outputs = ["made"]
"""
STEP = "import sys; open(sys.argv[2] + '/metrics.json', 'w').write('{\"share\": 0.5}')"
LATE = """
[pipeline.steps.late]
script = "broken.py"
after = ["one"]
"""
LOOK = """
import json, sys, warnings
warnings.simplefilter("ignore")
import mlflow, pandas as pd
mlflow.set_tracking_uri("sqlite:///told.db")
client = mlflow.MlflowClient()
runs = []
for experiment in client.search_experiments():
    for run in client.search_runs([experiment.experiment_id]):
        history = client.get_metric_history(run.info.run_id, "fold.rmse")
        files = [one.path for one in client.list_artifacts(run.info.run_id)]
        runs.append({"experiment": experiment.name, "name": run.info.run_name,
                     "status": run.info.status, "tags": run.data.tags, "params": run.data.params,
                     "metrics": run.data.metrics, "folds": len(history), "files": files})
models = {one.name: one.aliases for one in client.search_registered_models()}
versions = len(client.search_model_versions())
answer = None
if "production" in models.get("strength", {}):
    model = mlflow.pyfunc.load_model("models:/strength@production")
    rows = pd.read_csv(sys.argv[1]).drop(columns="compressive_strength").head(4)
    answer = model.predict(rows).to_dict("list")
print(json.dumps({"runs": runs, "models": models, "versions": versions, "answer": answer}))
"""


def looked(folder):
    """What somebody sees who looks into the MLflow store with MLflow itself."""
    command = [sys.executable, "-c", LOOK, str(ROOT / "data" / "concrete.csv")]
    env = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@needs_mlflow
@pytest.mark.timeout(300)  # MLflow is slow to start, and it is started often here
def test_runs_models_and_aliases(concrete, tmp_path):
    (tmp_path / "concrete.toml").write_text(EXPERIMENT)
    train = concrete("train", "--set", FEW, "--json").json()
    tuned = concrete("finetune", "--set", FEW, "--json").json()
    concrete("models", "tag", "strength:1", "staging")
    Models(tmp_path / ".concrete").tag("strength", 1, "production")  # MLflow is told below
    concrete("models", "untag", "strength@staging")
    concrete("resume", train["run"])  # telling it again changes nothing

    (tmp_path / "step.py").write_text(STEP)
    (tmp_path / "broken.py").write_text("raise SystemExit(1)")
    (tmp_path / "mine.toml").write_text(f'{OWN}{LATE}[tracking]\nmlflow = "sqlite:///told.db"\n')
    concrete("run", "mine.toml", code=4)

    found = looked(tmp_path)

    runs = [run for run in found["runs"] if run["experiment"] == "concrete"]
    by_name = {run["name"]: run for run in runs}
    assert sorted(by_name) == sorted([train["run"], tuned["run"], "ridge", "tree"])
    assert len(runs) == 4
    run = by_name[train["run"]]
    assert (run["experiment"], run["status"]) == ("concrete", "FINISHED")
    assert run["params"]["split.test_fraction"] == "0.2"
    assert run["params"]["selected"] == train["selected"]["candidate"]
    assert run["metrics"]["test.rmse"] == pytest.approx(train["test"]["rmse"])
    assert {"report.html", "plots", "leaderboard.json", "experiment.toml"} <= {*run["files"]}
    assert by_name["tree"]["params"] == {"model": "decision_tree", "max_depth": "5"}
    assert by_name["tree"]["folds"] == 5
    assert "mlflow.parentRunId" in by_name["tree"]["tags"]
    assert by_name[tuned["run"]]["metrics"]["tuning.trials"] == 3
    assert found["models"] == {"strength": {"production": 1}}
    (own,) = [run for run in found["runs"] if run["experiment"] == "mine"]
    assert own["status"] == "FAILED"
    assert own["metrics"]["one.made.share"] == 0.5
    lower, upper = found["answer"]["lower"], found["answer"]["upper"]
    assert all(low < high for low, high in zip(lower, upper, strict=True))
    rows = tmp_path / "rows.csv"
    lines = (ROOT / "data" / "concrete.csv").read_text().splitlines()[:5]
    rows.write_text("\n".join(line.rpartition(",")[0] for line in lines))
    words = ["--model", "strength@production", "--data", rows, "--out", "-", "--quiet"]
    ours = concrete("score", *words).stdout.splitlines()[1:]
    assert [float(line.split(",")[0]) for line in ours] == pytest.approx(
        found["answer"]["prediction"]
    )

    note = json.loads((Path(tuned["paths"]["run"]) / "run.json").read_text())["mlflow"]
    assert (len(note["run_id"]), note["version"], found["versions"]) == (32, "1", 1)
    Models(tmp_path / ".concrete").untag("strength", "production")
    concrete("models", "delete", "strength:1", "--yes")
    after = looked(tmp_path)
    assert (after["models"], after["versions"]) == ({"strength": {}}, 0)
    assert len(after["runs"]) == len(found["runs"])


def test_a_version_in_the_registry_of_a_cloud_is_none_of_ours(tmp_path):
    space = Workspace(home.prepare(tmp_path / "home"))
    facts = {"workflow": "finetune", "experiment": "mine", "backend": "local", "remote": True}
    run = space.runs.create(Plan("finetune", ()), experiment="", options=Options(), facts=facts)
    document = {
        **dict.fromkeys(("selected", "test", "tuning", "seconds")),
        "registered": {"name": "strength", "version": 1},
        "workflow": "finetune",
        "status": "done",
        "leaderboard": [],
    }
    told = tracking_facts.of_run(space, run, document, tmp_path)
    assert (told["run"], told["model"]) == (run.id, None)


@needs_mlflow
def test_a_tracker_that_is_down_costs_a_warning_and_no_result(concrete, tmp_path):
    (tmp_path / "step.py").write_text(STEP)
    file = tmp_path / "concrete.toml"
    file.write_text(f'{OWN}[tracking]\nmlflow = "http://me:secret@127.0.0.1:9"\n')
    refused = concrete("run", "--json", code=3)
    assert "the URL holds the password" in refused.json()["error"]["message"]
    assert "secret" not in refused.stdout + refused.stderr
    file.write_text(file.read_text().replace("me:secret@", ""))

    told = concrete("run", "--json")

    assert told.json()["status"] == "done"
    assert "was not told to MLflow at http://127.0.0.1:9" in told.stderr


def test_off_unless_it_is_asked_for(concrete, tmp_path):
    (tmp_path / "step.py").write_text(STEP)
    (tmp_path / "concrete.toml").write_text(OWN)

    found = concrete("run", "--json", env={"MLFLOW_TRACKING_URI": "http://127.0.0.1:9"})

    assert "mlflow" not in json.loads((Path(found.json()["paths"]["run"]) / "run.json").read_text())
    assert "MLflow" not in found.stderr
    assert not (tmp_path / "mlruns").exists()


def test_missing_extra_is_told_before_anything_runs(tmp_path, monkeypatch):
    (tmp_path / "step.py").write_text(STEP)
    file = tmp_path / "concrete.toml"
    file.write_text(f'{OWN}[tracking]\nmlflow = "sqlite:///told.db"\n')
    monkeypatch.setattr(tracking, "find_spec", lambda name: None)

    with pytest.raises(BackendUnavailable, match="not installed") as refused:
        execute.submit(execute.prepare(Request("run", file)))

    assert "concrete-cli[mlflow]" in refused.value.help
    assert not list((tmp_path / ".concrete" / "runs").iterdir())
    assert config.load(file).tracking.mlflow == "sqlite:///told.db"
