"""Data from outside, places for outputs, machines: what settings and sources come to in Azure."""

import json
from dataclasses import replace

import pytest
from azure.ai.ml import load_job
from azure.ai.ml.entities import Data
from concrete_cli.backends.azureml_v2 import AzureBackend

from concrete_cli import home as homes
from concrete_cli.backend import Options, State
from concrete_cli.errors import NotFound, UsageError
from concrete_cli.plan import Output, Plan, Source, Step
from concrete_cli.runs import Runs
from toys_v2 import STEPS, fault


def numbers(uri, **fields):
    outputs = (Output("numbers", "data"),)
    source = {"source": Source(uri)}
    return Plan(
        "n", (Step("numbers", str(STEPS / "numbers.py"), source, outputs, {"factor": 1}, **fields),)
    )


def content(backend, handle, tmp_path):
    backend.fetch(handle, Output("numbers", "data"), tmp_path / "data")
    return json.loads((tmp_path / "data" / "numbers.json").read_text())


@pytest.mark.parametrize("version", ["1", "latest"])
def test_a_registered_data_set_is_read(run, backend, source, tmp_path, version):
    name = f"registered-{version}"
    asset = Data(name=name, version="1", path=str(source), type="uri_file")
    backend.client.call("register", lambda ml: ml.data.create_or_update(asset))
    handle, events = run(numbers(f"azureml:{name}:{version}"))
    assert events["numbers"].state is State.DONE, events["numbers"].detail
    assert content(backend, handle, tmp_path) == [1, 2, 3]


def test_a_path_of_a_datastore_is_read(run, backend, emulator, tmp_path):
    (emulator.cloud.container / "raw").mkdir(exist_ok=True)
    (emulator.cloud.container / "raw" / "numbers.txt").write_text("7 8")
    handle, _ = run(numbers("azureml://datastores/workspaceblobstore/paths/raw/numbers.txt"))
    assert content(backend, handle, tmp_path) == [7, 8]


def test_data_that_is_not_there_fails_the_step_that_reads_it(run):
    _, events = run(numbers("azureml://datastores/workspaceblobstore/paths/nowhere.txt"))
    assert events["numbers"].state is State.FAILED
    assert "nowhere.txt does not exist" in events["numbers"].detail


def test_a_file_that_is_not_here_is_found_before_anything_is_sent(backend, tmp_path):
    with pytest.raises(NotFound, match=r"nowhere\.txt"):
        backend.submit(numbers(str(tmp_path / "nowhere.txt")), tmp_path / "run", Options())


STRANGE = '-it\'s; a "file" $HOME `x` ü\n.txt'


def test_a_file_may_have_any_name(run, backend, tmp_path):
    strange = tmp_path / STRANGE
    strange.write_text("5 6")
    handle, events = run(numbers(str(strange)))
    assert events["numbers"].state is State.DONE, events["numbers"]
    assert content(backend, handle, tmp_path) == [5, 6]


def test_a_folder_may_have_any_name(run, backend, tmp_path):
    (tmp_path / STRANGE / "deep").mkdir(parents=True)
    (tmp_path / STRANGE / "deep" / "file.txt").write_text("x")
    (tmp_path / "lists.py").write_text(
        "import os, sys\nprint([files for _, _, files in os.walk(sys.argv[2])])"
    )
    step = Step("lists", str(tmp_path / "lists.py"), {"a": Source(str(tmp_path / STRANGE))})
    handle, _ = run(Plan("lists", (step,)))
    assert backend.logs(handle, "lists") == "[[], ['file.txt']]\n"


def test_a_registered_model_is_read(run, backend, tmp_path):
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "numbers.json").write_text("[4]")
    version = backend.models.push(tmp_path / "bundle", "readable")
    backend.models.tag("readable", version, "champion")
    total = Output("power", "total")
    step = Step(
        "power",
        str(STEPS / "power.py"),
        {"data": Source("model:readable@champion")},
        (total,),
        {"label": "m", "exponent": 2},
    )
    handle, events = run(Plan("m", (step,)))
    assert events["power"].state is State.DONE, events["power"].detail
    backend.fetch(handle, total, tmp_path / "total")
    assert json.loads((tmp_path / "total" / "metrics.json").read_text())["total"] == 16


def test_an_output_goes_where_the_settings_say(settings, source, emulator, tmp_path):
    place = {"numbers": "workspaceblobstore/results/{run}/{step}/{output}"}
    backend = AzureBackend(tmp_path / "home", {**settings, "destinations": place})
    handle = backend.submit(numbers(str(source)), tmp_path / "run", Options())
    assert [event.state for event in backend.watch(handle)][-1] is State.DONE
    (file,) = (emulator.cloud.container / "results").glob("*/numbers/data/numbers.json")
    assert handle in file.parts[-4]
    assert content(backend, handle, tmp_path) == [1, 2, 3]


def test_the_workspace_is_asked_whether_it_has_the_datastores(settings, source, tmp_path):
    place = {"numbers.*": "lakes/{run}/{output}", "n*": "old_lake/{run}/{output}"}
    given = {**settings, "destinations": place}
    (found,) = AzureBackend(tmp_path / "home", given).check_there(numbers(str(source)))
    assert found == (
        "destinations.numbers.*",
        "there is no datastore 'lakes'; did you mean 'lake'?",
    )
    del place["numbers.*"]
    (found,) = AzureBackend(tmp_path / "home", given).check_there(numbers(str(source)))
    assert found[0] == "destinations.n*"
    assert "old_lake is a data lake gen1, which is no more" in found[1]


@pytest.mark.parametrize(
    "machine",
    [
        {"kind": "serverless", "instance_type": "Standard_DS3_v2"},
        {"kind": "spark", "instance_type": "Standard_E4S_V3"},
        {"kind": "spark", "target": "big-cluster"},
    ],
)
def test_other_machines_run_the_same_script(settings, source, tmp_path, machine):
    table = {"other": machine}
    backend = AzureBackend(tmp_path / "home", {**settings, "compute": table})
    plan = numbers(str(source), compute="other")
    assert backend.check(plan) == []
    handle = backend.submit(plan, tmp_path / "run", Options())
    assert [event.state for event in backend.watch(handle)][-1] is State.DONE
    assert content(backend, handle, tmp_path) == [1, 2, 3]


def test_what_a_dry_run_writes_can_be_submitted(backend, emulator, toy, tmp_path):
    file = backend.preview(toy, tmp_path / "staging").write(tmp_path / "out")
    made = backend.client.call("submit", lambda ml: ml.jobs.create_or_update(load_job(file)))
    assert {event.state for event in backend.watch(made.name) if event.state.ended} == {State.DONE}


@pytest.fixture
def known(backend, tmp_path):
    """Submit a plan as the command does: with a run folder below the home."""

    def act(plan, name="azureml-v2"):
        runs = Runs(homes.prepare(backend._home))
        record = {"backend": name, "workflow": plan.name}
        made = runs.create(plan, experiment="", options=Options(), facts=record)
        if name == "azureml-v2":
            made.note(handle=backend.submit(plan, made.folder, Options()))
        return made

    return act


def test_a_failure_leaves_its_log_and_a_line_that_replays_it(known, backend, source):
    made = known(fault("fail", source=source))
    events = {event.step: event for event in backend.watch(made.record["handle"])}
    facts = events["fault"].facts
    assert facts["log"] == str(made.folder / "failed" / "fault" / "log.txt")
    assert "error: this went wrong" in (made.folder / "failed" / "fault" / "log.txt").read_text()
    assert f"--how fail --source {source}" in facts["replay"]


def test_what_happens_is_written_down_once(known, backend, toy):
    made = known(toy)
    seen = list(backend.watch(made.record["handle"]))
    assert [(one.step, one.state) for one in made.events()] == [
        (one.step, one.state) for one in seen
    ]
    list(backend.watch(made.record["handle"]))
    assert len(made.events()) == len(seen)


def test_the_replay_fetches_what_the_step_read(known, backend, toy):
    from concrete_cli.backends import replaying

    made = known(toy)
    line = replaying.line(made, "best", made.folder.parents[1])
    fetch = f"concrete fetch {made.id} power_2.total replay/power_2.total"
    assert line.startswith(fetch)
    assert "--totals replay/power_2.total replay/power_3.total" in line
    assert line.endswith('--model "$(mktemp -d)"')


def test_a_run_is_named_by_its_name_here_or_by_its_handle(known, run, backend, toy):
    made = known(toy)
    list(backend.watch(made.record["handle"]))
    later = Step(
        "later",
        str(STEPS / "power.py"),
        {"data": Source(f"run:{made.id}/numbers.data")},
        (Output("later", "total"),),
        {"label": "x", "exponent": 1},
    )
    _, events = run(Plan("later", (later,)))
    assert events["later"].state is State.DONE


def test_a_run_on_another_backend_cannot_be_taken_up(known, backend, toy, tmp_path):
    made = known(toy, "local")
    with pytest.raises(UsageError, match="is on local"):
        backend.submit(numbers(f"run:{made.id}/numbers.data"), tmp_path / "run", Options())


def test_the_doctor_finds_what_is_there_and_what_is_not(backend, settings, tmp_path, monkeypatch):
    assert all(finding.ok for finding in backend.doctor(live=True))
    lost = AzureBackend(tmp_path, {**settings, "default_compute": "nowhere"}).doctor(live=True)
    assert [finding.what for finding in lost if not finding.ok] == ["compute nowhere"]
    monkeypatch.delenv("AZURE_CLIENT_SECRET")
    assert [finding.what for finding in backend.doctor() if not finding.ok] == ["secrets"]


def test_a_step_comes_after_another_one_that_it_reads_nothing_of(run, backend, source, tmp_path):
    first = numbers(str(source)).steps[0]
    later = Step("later", str(STEPS / "fault.py"), {}, (), {"how": "nothing"}, after=("numbers",))
    source.write_text("not a number")
    _, events = run(Plan("after", (first, later)))
    assert events["later"].state is State.SKIPPED
    assert events["later"].detail == "numbers failed"

    source.write_text("1")
    _, events = run(Plan("after", (first, later)))
    assert events["later"].state is State.DONE
    assert events["numbers"].time <= events["later"].time

    last = Step("last", str(STEPS / "fault.py"), {}, (), {"how": "nothing"}, after=("later",))
    found = backend.check(Plan("after", (first, later, last)))
    assert found == [
        ("steps.last.after", "step last comes after later, which has no output to wait for")
    ]


@pytest.mark.parametrize(("store", "mode"), [("share", "mount"), ("lake", "upload")])
def test_an_output_goes_to_a_datastore_of_another_kind(
    settings, source, emulator, tmp_path, store, mode
):
    place = {"numbers": f"{store}/kept/{{run}}/{{output}}"}
    backend = AzureBackend(tmp_path / "home", {**settings, "destinations": place})
    made = numbers(str(source)).step("numbers")
    data = Output("numbers", "data", mode)
    power = Step(
        "power",
        str(STEPS / "power.py"),
        {"data": data},
        (Output("power", "total"),),
        {"label": "m", "exponent": 2},
    )
    plan = Plan("far", (replace(made, outputs=(data,)), power))
    handle = backend.submit(plan, tmp_path / "run", Options())
    last = {event.step: event for event in backend.watch(handle)}
    assert {event.state for event in last.values()} == {State.DONE}, last

    kept = emulator.cloud.blobs / store / "kept" / last["numbers"].facts["run"] / "data"
    assert json.loads((kept / "numbers.json").read_text()) == [1, 2, 3]
    assert f"/datastores/{store}/paths/kept/" in backend.location(handle, data)
    (kept / "deep").mkdir()
    (kept / "deep" / "a.txt").write_text("A")
    assert content(backend, handle, tmp_path) == [1, 2, 3]
    assert (tmp_path / "data" / "deep" / "a.txt").read_text() == "A"
