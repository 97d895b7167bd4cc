"""What a person is told of runs: why one failed, where its page is, how two differ."""

import json
from dataclasses import replace

import pytest

from concrete_cli import home
from concrete_cli.backend import Event, Options, State
from concrete_cli.cache import Cache
from concrete_cli.commands import history
from concrete_cli.plan import Output, Plan, Source, Step
from concrete_cli.runs import Runs
from concrete_cli.view import finetune
from concrete_cli.workspace import Workspace
from toy import Toy

TUNING = {"trials": 9, "seconds": 2.0, "metric": "rmse", "untuned": 5.0, "best": 4.5}
TUNING |= {"kept": "tuned", "gain": 0.5, "gain_se": 0.1, "best_trial": 4.25}


@pytest.fixture
def toy(tmp_path):
    toy = Toy(tmp_path, "concrete.toml")
    toy.go.touch()
    return toy


def test_a_failed_run_says_why_whenever_it_is_shown_and_once_when_it_is_resumed(concrete, toy):
    script = toy.folder / "second.py"
    right = script.read_text()
    script.write_text("raise SystemExit('the lorry was late')\n")
    failed = concrete("run", code=4, env={"NO_COLOR": "1"}).stderr
    assert failed.count("the lorry was late") == 1

    shown = concrete("show")
    assert "error: step second exited with 1" in shown.stdout
    assert "  | the lorry was late" in shown.stdout
    assert "replay: " in shown.stdout
    assert concrete("show", "--json").json()["failure"]["tail"] == "the lorry was late"

    script.write_text(right)
    resumed = concrete("resume").stderr
    assert "failed" not in resumed
    assert "second" in resumed
    assert concrete("show", "--json").json()["failure"] is None


def test_the_page_of_a_run_is_written_where_it_is_wanted(concrete, toy):
    concrete("run", "--report", "page.html", "-q")
    assert "<html" in (toy.folder / "page.html").read_text()
    assert concrete("run", "--report", "-").stdout.lstrip().startswith("<!doctype html>")
    concrete("run", "--report", "x.html", "--detach", code=2)
    concrete("run", "--report", "-", "--json", code=2)

    (toy.folder / "second.py").write_text("raise SystemExit('the lorry was late')\n")
    concrete("run", "--report", "failed.html", code=4)
    assert "the lorry was late" in (toy.folder / "failed.html").read_text()


def test_without_a_name_the_latest_run_with_a_result_is_reported(concrete, toy):
    concrete("run", "-q")
    assert concrete("report", "--json").json()["runs"] == [toy.run.name]
    record = json.loads((toy.run / "run.json").read_text())
    concrete("run", "-q")
    Runs(toy.folder / ".concrete").find(record["id"]).note(workflow="train")
    assert concrete("report", "--json").json()["runs"] == [record["id"]]


def test_plan_tells_a_script_whether_there_is_work(concrete, toy):
    assert concrete("plan", "--exit-code", "-q", code=10).stdout == ""
    concrete("run", "-q")
    assert concrete("plan", "--exit-code", "--json", code=0).json()["steps"]
    assert concrete("plan", "--exit-code", "--set", "pipeline.steps.first.params.x=1", code=10)
    assert concrete("plan", "--set", "pipeline.steps.first.params.x=1", code=0)


def made(tmp_path, versions, number):
    """Write down a run of one step, with the versions that its entry was made with."""
    place = home.prepare(tmp_path / ".concrete")
    plan = Plan("p", (Step("one", "s.py", outputs=(Output("one", "out"),)),))
    cache = Cache(place)
    work = place / "tmp" / f"work{number}"
    (work / "outputs" / "out").mkdir(parents=True)
    recipe = {"python": "cpython 3.11", "versions": versions, "outputs": ["out"]}
    entry = cache.store(work, recipe, {"step": "one"})
    run = Runs(place).create(
        plan, experiment="", options=Options(), facts={"workflow": "run", "backend": "local"}
    )
    run.append([Event("one", State.DONE, entry=entry.key)])
    return run, Workspace(place)


def test_two_runs_are_compared_by_the_versions_of_their_libraries_too(tmp_path):
    first, space = made(tmp_path, {"sklearn": "1.6", "pandas": "2.2"}, 1)
    second, _ = made(tmp_path, {"sklearn": "1.7", "pandas": "2.2", "skops": "0.13"}, 2)
    found = history.compare(space, first, second)
    assert found["versions"] == [{"library": "sklearn", "values": ["1.6", "1.7"]}]


def test_expected_times_are_those_of_like_steps(tmp_path):
    runs = Runs(home.prepare(tmp_path / ".concrete"))

    def plan(depth, source="a.csv"):
        read = Step("read", "read.py", {"data": Source(source)}, (Output("read", "rows"),))
        fit = Step("fit", "fit.py", {"rows": Output("read", "rows")}, (Output("fit", "model"),))
        return Plan("p", (read, replace(fit, params={"depth": depth})))

    def took(one, seconds):
        run = runs.create(one, experiment="", options=Options(), facts={"workflow": "p"})
        run.append([Event(name, State.DONE, seconds=seconds) for name in ("read", "fit")])

    took(plan(3), 10.0)
    took(plan(5), 60.0)
    took(plan(3, "b.csv"), 3.0)

    assert runs.durations(plan(3)) == {"read": 60.0, "fit": 10.0}
    assert runs.durations(plan(4)) == {"read": 60.0}
    assert runs.durations(plan(3, "c.csv")) == {}


def test_how_the_score_of_a_tuned_model_was_measured_is_said():
    lines = [line[10:] for line in finetune.lines({"tuning": TUNING})]
    assert lines[-2:] == [
        "measured on folds that had no say in the choice;",
        "the best trial's own rmse, 4.250, is optimistic",
    ]


def test_what_registers_a_model_is_said_where_nothing_does():
    missing = {"file": "/x/concrete.toml", "add": ["[register]", 'name = "mixes"']}
    found = {"status": "done", "unregistered": missing}
    assert [line.strip() for line in finetune.lines(found)] == [
        "not registered: to register the model, add to /x/concrete.toml",
        "[register]",
        'name = "mixes"',
    ]
    assert not [*finetune.lines(found | {"status": "failed"})]
