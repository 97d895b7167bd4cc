"""The emulator itself: what the backend does not use, but the SDK may ask for."""

import json
import resource
import subprocess
import sys
import textwrap
import time
from dataclasses import replace

import pytest
from azure.ai.ml import Input, Output, command
from azure.ai.ml.entities import CommandComponent
from azure.ai.ml.sweep import Choice, Uniform
from concrete_cli.backends.azureml_v2.sdk import silence

from concrete_cli import plan_json
from toys_v2 import STEPS, fault

TRIAL = """
import argparse, os
from pathlib import Path
from urllib.parse import urlsplit
parser = argparse.ArgumentParser()
parser.add_argument("--x", type=float)
parser.add_argument("--out", type=Path)
args = parser.parse_args()
(args.out / "x.txt").write_text(str(args.x))
metrics = Path(urlsplit(os.environ["MLFLOW_TRACKING_URI"]).path) / "0" / "run" / "metrics"
metrics.mkdir(parents=True)
(metrics / "loss").write_text(f"0 {(args.x - 3) ** 2} 0\\n")  # as MLflow's file store does
"""


def wait(emulator, name):
    while not emulator.runs[name].ended:
        time.sleep(0.05)
    return emulator.runs[name]


@pytest.fixture
def ml(backend):
    with silence():
        yield backend.client.ml


def test_a_single_command_runs_and_its_output_is_downloaded(ml, emulator, source, tmp_path):
    what = command(
        code=str(STEPS),
        command="python numbers.py --factor 1 --source ${{inputs.a}} --data ${{outputs.b}}",
        environment="azureml:e:1",
        inputs={"a": Input(type="uri_file", path=str(source))},
        outputs={"b": Output(type="uri_folder")},
        compute="cpu-cluster",
    )
    made = ml.jobs.create_or_update(what)
    run = wait(emulator, made.name)
    assert run.status == "Completed", run.failure
    ml.jobs.download(made.name, download_path=str(tmp_path), output_name="b")
    found = json.loads((tmp_path / "named-outputs" / "b" / "numbers.json").read_text())
    assert found == [1.0, 2.0, 3.0]


def test_a_sweep_keeps_the_trial_with_the_best_metric(ml, emulator, tmp_path):
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "trial.py").write_text(TRIAL)
    trial = CommandComponent(
        name="trial",
        code=str(tmp_path / "code"),
        command="python trial.py --x ${{inputs.x}} --out ${{outputs.out}}",
        environment="azureml:e:1",
        inputs={"x": Input(type="number")},
        outputs={"out": Output(type="uri_folder")},
    )
    space = {"x": Choice([1.0, 3.0, 9.0])}
    sweep = trial(**space).sweep(
        primary_metric="loss", goal="minimize", sampling_algorithm="random", compute="cpu-cluster"
    )
    sweep.set_limits(max_total_trials=6)
    made = ml.jobs.create_or_update(sweep)
    run = wait(emulator, made.name)
    assert run.status == "Completed", run.failure
    best = emulator.cloud.local(run.outputs["out"]) / "x.txt"
    assert best.read_text() == "3.0"
    assert Uniform(0, 1)


def test_the_sdk_streams_the_log_of_a_run(backend, emulator, toy, tmp_path, capsys, run):
    handle, _ = run(toy)
    backend.client.ml.jobs.stream(handle)
    told = capsys.readouterr().out
    assert f"RunId: {handle}" in told
    assert (
        "the run is Completed"
        in (
            emulator.cloud.container / f"ExperimentRun/dcid.{handle}/logs/azureml/executionlogs.txt"
        ).read_text()
    )


def test_a_step_sees_nothing_of_us(backend, emulator, tmp_path, monkeypatch):
    """Neither our variables nor our modules: only what was uploaded, and what the cloud sets."""
    monkeypatch.setenv("PYTHONPATH", str(STEPS))
    monkeypatch.setenv("OUR_OWN", "1")
    script = tmp_path / "looks.py"
    script.write_text(
        "import json, os, sys; from pathlib import Path\n"
        "found = {'env': dict(os.environ), 'files': sorted(os.listdir()), 'path': sys.path}\n"
        "(Path(sys.argv[2]) / 'seen.json').write_text(json.dumps(found))\n"
    )
    from concrete_cli.backend import Options
    from concrete_cli.plan import Output as Made
    from concrete_cli.plan import Plan, Step

    plan = Plan("looks", (Step("looks", str(script), {}, (Made("looks", "seen"),)),))
    handle = backend.submit(plan, tmp_path / "run", Options())
    assert wait(emulator, handle).status == "Completed"
    backend.fetch(handle, Made("looks", "seen"), tmp_path / "seen")
    seen = json.loads((tmp_path / "seen" / "seen.json").read_text())
    assert seen["files"] == ["looks.py"]
    assert {"OUR_OWN", "PYTHONPATH", "AZURE_CLIENT_SECRET"}.isdisjoint(seen["env"])
    assert str(STEPS) not in seen["path"]
    assert seen["env"]["AZUREML_RUN_ID"] == f"{handle}-looks"
    assert seen["env"]["MLFLOW_TRACKING_URI"].startswith("file:")


WHOLE = """
import json, logging, pathlib, resource, sys
logging.basicConfig(level=logging.DEBUG)
from concrete_cli import home
from concrete_cli.backend import Options, load
from concrete_cli.plan_json import from_document
plan = from_document(json.loads(pathlib.Path(sys.argv[1]).read_text()))
backend = load("azureml-v2", pathlib.Path(sys.argv[2]), json.loads(sys.argv[3]))
handle = backend.submit(plan, pathlib.Path("/nowhere/amber-otter"), Options())
states = {event.step: event.state for event in backend.watch(handle)}
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
print(json.dumps({"states": states, "megabytes": peak}))
"""


@pytest.fixture
def whole(settings, tmp_path):
    """Submit and watch a plan in a process of its own, whose stdout holds one line of JSON."""

    def act(plan):
        (tmp_path / "plan.json").write_text(json.dumps(plan_json.document(plan)))
        words = [str(tmp_path / "plan.json"), str(tmp_path / "home"), json.dumps(settings)]
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(WHOLE), *words],
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout), done.stderr

    return act


def test_stdout_is_ours_alone_and_no_secret_is_told(whole, toy):
    found, noise = whole(toy)
    assert set(found["states"].values()) == {"done"}
    assert "emulated-secret" not in noise
    assert "azure" not in noise.lower()
    assert found["megabytes"] <= 500


def test_a_failure_says_nothing_more_on_stdout(whole):
    found, noise = whole(fault("fail"))
    assert found["states"] == {"fault": "failed", "after": "skipped"}
    assert "Traceback" not in noise


@pytest.mark.parametrize("megabytes", [300])
def test_a_big_file_is_streamed_once(run, emulator, backend, tmp_path, megabytes):
    """Memory stays bounded on both sides of the wire (this process is both), nothing goes twice."""
    from concrete_cli.plan import Plan, Source, Step

    big = tmp_path / "big.bin"
    with big.open("wb") as file:
        for number in range(megabytes):
            file.write(number.to_bytes(2, "big") * (1 << 19))
    (tmp_path / "reads.py").write_text("import os, sys; print(os.path.getsize(sys.argv[2]))")
    step = Step("reads", str(tmp_path / "reads.py"), {"big": Source(str(big))})
    plan = Plan("big", (step,))
    small = tmp_path / "small.bin"
    small.write_bytes(b"x")
    run(Plan("small", (replace(step, inputs={"big": Source(str(small))}),)))  # the SDK is imported
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    handle, _ = run(plan)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
    assert backend.logs(handle, "reads") == f"{big.stat().st_size}\n"
    assert grown < megabytes / 2  # the SDK has a few pieces of the file on their way at a time

    calls = len(emulator.calls)
    run(plan)
    assert not [
        call for call in emulator.calls[calls:] if call.method == "PUT" and "/acct/" in call.path
    ]
