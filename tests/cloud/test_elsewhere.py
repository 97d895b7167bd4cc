"""Runs in an emulated cloud: dry run, run, watch again, logs, fetch, cancel, fail."""

import contextlib
import importlib.util
import json
import os
import signal
import threading
import time
from pathlib import Path

import pytest

MODULES = {"azureml": "azureml.core", "azureml-v2": "azure.ai.ml"}


def test_a_dry_run_says_what_would_be_sent_and_logs_in_nowhere(type_, experiment, cloud, folder):
    file = experiment(cloud.table)
    before = asked(cloud)

    told = type_("run", file, "--backend", cloud.name, "--dry-run", "-o", folder / "sent", "--json")

    found = told.json()
    assert (found["plan"], found["backend"]) == ("run", cloud.name)
    assert [step["name"] for step in found["steps"]] == ["numbers", "total"]
    first = found["steps"][0]
    assert first["compute"] == "cpu-cluster (amlcompute)"
    assert "numbers.py" in first["command"]
    assert "--factor" in first["command"]
    assert first["files"] == ["numbers.py"]
    assert found["bytes"] >= sum(step["bytes"] for step in found["steps"]) > 0
    (source,) = found["sources"]
    assert source["bytes"] == (folder / "in.txt").stat().st_size
    text = (
        folder / "sent" / {"azureml": "graph.json", "azureml-v2": "job.yml"}[cloud.name]
    ).read_text()
    assert found["file"].startswith(str(folder / "sent"))
    assert "cpu-cluster" in text
    assert asked(cloud) == before
    shown = type_("run", file, "--backend", cloud.name, "--dry-run")
    assert "2 steps on" in shown.stdout
    type_("run", file, "--backend", cloud.name, "--dry-run", "-o", folder / "sent", code=2)
    type_("run", file, "--dry-run", "-o", folder / "other", code=2)


def asked(cloud):
    return len(cloud.emulator.calls)


def test_a_run_goes_on_without_us_and_is_seen_from_anywhere(type_, experiment, cloud, folder):
    file = experiment(cloud.table)
    given = ("--set", "pipeline.steps.numbers.params.wait=0.01")
    made = type_("run", file, *given, "--backend", cloud.name, "--detach", "--json")
    started = made.json()
    assert started["backend"] == cloud.name
    assert started["status"] == "running"
    if cloud.name == "azureml":
        assert made.stderr.splitlines()[0].startswith("warning: Microsoft ended support")
        assert made.stderr.count("ended support") == 1
    listed = {row["run"]: row["status"] for row in type_("runs", "--json").json()["runs"]}
    assert listed[started["run"]] == "running"
    assert wait_for(
        lambda: type_("runs", "--refresh", "--json").json()["runs"],
        lambda rows: {row["status"] for row in rows} == {"done"},
    )

    resumed = type_("resume", "latest", "--json").json()  # a cloud run is only watched again
    assert resumed["status"] == "done"
    assert {step["state"] for step in resumed["steps"]} == {"done"}
    assert type_("show", "--json").json()["status"] == "done"

    logs = type_("logs", "latest", "--json").json()["logs"]
    assert "reading" in logs["numbers"]
    assert "the total is 12.0" in logs["total"]
    assert "the total is 12.0" in type_("logs", "latest", "total").stdout

    got = type_("fetch", "latest", "total.total", folder / "got", "--json").json()
    assert (got["output"], got["files"]) == ("total.total", 1)
    assert json.loads((folder / "got" / "total.json").read_text()) == {"total": 12.0}
    type_("fetch", "latest", "total.total", folder / "got", code=2)
    type_("fetch", "latest", "total.totals", folder / "new", code=5)

    # another machine: no such run in its home
    away = ("--backend", cloud.name, "--home", folder / "away", "--experiment", file)
    handle = started["handle"]
    assert "the total is 12.0" in type_("logs", handle, "total", *away).stdout
    seen = type_("logs", handle, "--follow", "--json", *away).json()["logs"]
    assert seen["total"] == logs["total"]
    shown = type_("show", handle, "--json", *away).json()
    assert [step["state"] for step in shown["steps"]] == ["done", "done"]
    type_("fetch", handle, "total.total", folder / "there", *away)
    assert (folder / "there" / "total.json").is_file()
    taken = type_("resume", handle, "--json", *away)
    assert (taken.json()["workflow"], taken.json()["status"]) == ("run", "done")
    assert (Path(taken.json()["outputs"]["total.total"]) / "total.json").is_file()
    assert f"its plan is that of concrete.toml as it is now, {' '.join(given)}" in taken.stderr
    assert '"wait": 0.01' in (Path(taken.json()["paths"]["run"]) / "plan.json").read_text()
    mine = type_("runs", "--json", "--home", folder / "away").json()["runs"]
    assert [row["run"] for row in mine] == [taken.json()["run"]]
    assert type_("resume", handle, "--json", *away).json()["run"] == mine[0]["run"]
    other = folder / "other.toml"
    other.write_text(file.read_text().replace(".steps.total]", ".steps.sum]"))
    elsewhere = ("--backend", cloud.name, "--home", folder / "third", "--experiment", other)
    assert "has steps that other.toml has not" in type_("resume", handle, *elsewhere, code=2).stderr
    type_("resume", "nobody", *away, code=5)

    again = type_("run", file, *given, "--backend", cloud.name, "--json").json()
    assert {step["state"] for step in again["steps"]} == {"reused"}


def test_what_a_run_leaves_in_a_data_lake_comes_back_or_is_told_where_it_is(
    type_, experiment, cloud
):
    place = '[steps.total]\ndestination = "lake/kept/{run}/{output}"\n'
    file = experiment(cloud.table, place)
    done = type_("run", file, *on(cloud), "--json").json()
    assert done["status"] == "done"
    where = done["outputs"]["total.total"]
    if cloud.name == "azureml":  # its SDK copies nothing from there
        assert where.startswith("azureml://datastores/lake/paths/kept/")
        assert "az storage fs" in type_("fetch", "latest", "total.total", "got", code=7).stderr
    else:
        assert json.loads((Path(where) / "total.json").read_text()) == {"total": 12.0}
    assert type_("show", "--json").json()["outputs"] == done["outputs"]


def test_a_step_that_fails_there_shows_its_last_lines_and_how_to_replay_it(
    type_, experiment, cloud
):
    file = experiment(cloud.table)
    broken = ("--set", "pipeline.steps.total.params.broken=true")
    done = type_("run", file, *broken, "--backend", cloud.name, code=4)
    assert "step total " in done.stderr
    assert "this is how far it came" in done.stderr
    assert "replay: " in done.stderr
    assert "concrete fetch" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    document = type_("show", "--json").json()
    assert document["status"] == "failed"
    found = type_("run", file, *broken, "--backend", cloud.name, "--json", code=4).json()
    assert found["error"]["step"] == "total"
    source = str(file.parent / "in.txt")
    early = ("--set", 'pipeline.steps.numbers.params.factor="x"')
    lost = type_("run", file, *early, "--backend", cloud.name, "--json", code=4).json()["error"]
    assert f"--source {source} --numbers" in lost["replay"]  # the file itself: it can be pasted


def test_resuming_a_run_that_has_failed_there_submits_what_is_left(
    type_, experiment, cloud, folder
):
    file = experiment(cloud.table)
    broken = ("--set", "pipeline.steps.total.params.broken=true")
    failed = type_("run", file, *broken, *on(cloud), code=4)
    first = record(file)
    assert f"concrete resume {first['id']} " in failed.stderr

    again = type_("resume", "latest", code=4)

    assert "submitting again: total" in again.stderr
    assert "this is how far it came" in again.stderr
    document = type_("show", "--json").json()
    assert (document["run"], document["status"]) == (first["id"], "failed")

    script = folder / "total.py"
    script.write_text(script.read_text().replace("if args.broken", "if False"))
    done = type_("resume", "latest", "--json").json()

    assert (done["run"], done["status"]) == (first["id"], "done")
    assert {step["name"]: step["state"] for step in done["steps"]} == {
        "numbers": "reused",
        "total": "done",
    }
    now = record(file)
    assert now["earlier"][0] == first["handle"]
    assert len({now["handle"], *now["earlier"]}) == 3
    assert type_("show", first["handle"], "--json").json()["status"] == "done"
    assert "the total is 12.0" in type_("logs", "latest", "total").stdout
    assert "reading" in type_("logs", "latest", "numbers").stdout
    type_("fetch", "latest", "numbers.numbers", folder / "got")
    assert json.loads((folder / "got" / "numbers.json").read_text()) == [2.0, 4.0, 6.0]
    type_("resume", "latest")
    assert record(file)["handle"] == now["handle"]  # there was nothing left to do


def test_a_run_killed_while_it_was_submitted_again_is_not_submitted_twice(
    type_, experiment, cloud, folder, monkeypatch
):
    file = experiment(cloud.table)
    broken = ("--set", "pipeline.steps.total.params.broken=true")
    type_("run", file, *broken, *on(cloud), code=4)
    script = folder / "total.py"
    script.write_text(script.read_text().replace("if args.broken", "if False"))
    with monkeypatch.context() as patch:  # the new handle is written down, the events are not
        patch.setattr("concrete_cli.runs.Run.uncancel", killed)
        with pytest.raises(KeyboardInterrupt):
            resubmit(file)
    handle = record(file)["handle"]

    done = type_("resume", "latest", "--json").json()

    assert done["status"] == "done"
    assert record(file)["handle"] == handle


def killed(run):
    raise KeyboardInterrupt


def resubmit(file):
    from concrete_cli import workspace
    from concrete_cli.cloud import resuming

    space = workspace.of_experiment(file, None)
    run = space.runs.find("latest")
    resuming.submit_again(run, space.backend_of(run))


def on(cloud):
    return "--backend", cloud.name


def record(file):
    """Return what run.json says of the only run of an experiment."""
    (found,) = (file.parent / ".concrete" / "runs").glob("*/run.json")
    return json.loads(found.read_text())


def test_interrupting_leaves_the_run_alone_and_cancel_stops_it(type_, experiment, cloud, folder):
    file = experiment(cloud.table)
    slow = ("--set", "pipeline.steps.numbers.params.wait=60")

    def stop():
        while not handles():
            time.sleep(0.1)
        time.sleep(2)
        os.kill(os.getpid(), signal.SIGINT)

    def handles():
        runs = (file.parent / ".concrete" / "runs").glob("*/run.json")
        records = [json.loads(one.read_text()) for one in runs]
        return [one["handle"] for one in records if "handle" in one]

    thread = threading.Thread(target=stop, daemon=True)
    thread.start()
    done = type_("run", file, *slow, "--backend", cloud.name, code=130)
    thread.join(30)
    (handle,) = handles()
    assert f"goes on in {cloud.name}" in done.stderr
    assert f"concrete logs {handle} --follow --backend {cloud.name}" in done.stderr

    show = type_("show", "--json").json()
    assert show["status"] == "running"
    away = ("--home", folder / "away", "--experiment", file, "--backend", cloud.name)
    stopped = type_("cancel", handle, "--json", *away).json()  # from another machine
    assert stopped["status"] == "cancelled"
    ended = wait_for(lambda: type_("show", "--json").json(), lambda one: all_ended(one["steps"]))
    assert ended["status"] == "cancelled"
    assert type_("cancel").stdout.strip().endswith("cancelled")
    assert type_("show", handle, "--json", *away).json()["status"] == "cancelled"

    script = folder / "numbers.py"
    script.write_text(script.read_text().replace("time.sleep(args.wait)", ""))
    went_on = type_("resume", handle, "--json", *away).json()  # by another machine
    assert (went_on["status"], went_on["steps"][1]["state"]) == ("done", "done")
    assert type_("resume", "latest", "--json").json()["status"] == "done"  # and by this one


def installed(name):
    with contextlib.suppress(ModuleNotFoundError):
        return importlib.util.find_spec(MODULES[name]) is not None
    return False


def all_ended(steps):
    return all(step["state"] not in ("waiting", "running") for step in steps)


def wait_for(ask, good, seconds=20):
    end = time.monotonic() + seconds
    while not good(found := ask()) and time.monotonic() < end:
        time.sleep(0.3)
    assert good(found), found
    return found


@pytest.mark.parametrize("word", ["resume", "logs", "fetch", "cancel", "show"])
def test_an_unknown_run_is_not_found(type_, experiment, folder, word):
    experiment()
    more = ["total.total", folder / "x"] if word == "fetch" else []
    assert "no run called 'nobody'" in type_(word, "nobody", *more, code=5).stderr


def test_a_run_that_the_cloud_does_not_take_is_no_run(type_, experiment, cloud, monkeypatch):
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "wrong")
    type_("run", experiment(cloud.table), "--backend", cloud.name, code=7)
    assert type_("runs", "--json").json()["runs"] == []


@pytest.mark.parametrize("name", ["azureml", "azureml-v2"])
def test_without_the_extra_the_help_says_what_to_install(concrete, experiment, folder, name):
    if installed(name):
        pytest.skip(f"extra {name} is installed")
    file = experiment(f'[backend.{name}]\ndefault_compute = "cluster"\n')
    done = concrete("run", file, "--backend", name, code=7, cwd=folder)
    assert f"pip install 'concrete-cli[{name}]'" in done.stderr or "Python 3.11" in done.stderr
    assert "Traceback" not in done.stderr
    assert concrete("runs", "--json", cwd=folder).json()["runs"] == []
