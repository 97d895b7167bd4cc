"""`concrete run`: scripts of the user's own get all that the shipped ones have."""

import json
import re
from pathlib import Path

import pytest

from concrete_cli import plan_json
from concrete_cli.errors import ExperimentInvalid
from concrete_cli.plan import Output, Plan, Step


def states(document):
    return {step["name"]: step["state"] for step in document["steps"]}


def total(document):
    return json.loads((Path(document["outputs"]["sum.total"]) / "total.json").read_text())


def test_runs_in_order_and_reuses(concrete, mine, tmp_path):
    first = concrete("run", mine, "--json").json()

    assert first["status"] == "done"
    assert total(first) == 2 * 6 + 3 * 6
    assert set(first["outputs"]) == {"sum.total"}, "what other steps read is no result"
    order = [step["name"] for step in first["steps"]]
    assert order.index("two") < order.index("tell") < order.index("sum")

    second = concrete("run", mine, "--json").json()

    assert set(states(second).values()) == {"reused"}
    assert (tmp_path / "told.txt").read_text() == "told\n"


def test_waits_for_a_step_that_it_reads_nothing_of(concrete, mine):
    concrete("run", mine)
    run = concrete("show", "latest", "--json").json()["run"]
    events = [
        json.loads(line)
        for line in (mine.parent / ".concrete/runs" / run / "events.jsonl").read_text().splitlines()
    ]
    at = {(event["step"], event["state"]): number for number, event in enumerate(events)}

    assert at["two", "done"] < at["tell", "running"]
    assert at["tell", "done"] < at["sum", "running"]


def test_a_step_runs_again_when_one_that_it_waits_for_has_changed(concrete, mine, tmp_path):
    concrete("run", mine)

    changed = concrete("run", mine, "--set", "pipeline.steps.two.params.factor=5", "--json").json()

    assert states(changed) == {"two": "done", "three": "reused", "tell": "done", "sum": "done"}
    assert (tmp_path / "told.txt").read_text() == "told\ntold\n"
    assert total(changed) == 5 * 6 + 3 * 6


def test_plan_why_and_check_know_it_without_being_told(concrete, mine):
    assert "4 steps" in concrete("check", mine).stdout
    concrete("run", mine)
    helper = mine.parent / "scripts" / "helper.py"
    helper.write_text(helper.read_text() + "# edited\n")

    rows = concrete("plan", mine, "--json").json()["steps"]
    why = concrete("why", mine, "two")

    assert {row["step"]: row["decision"] for row in rows}["three"] == "run"
    assert re.fullmatch("code.helper.py: [0-9a-f]{12} -> [0-9a-f]{12}\n", why.stdout)


def test_failure_leaves_what_was_mounted_and_resume_goes_on(concrete, mine, tmp_path):
    broken = tmp_path / "broken"
    broken.touch()
    env = {"BROKEN": str(broken), "TIMES": "2"}

    failed = concrete("run", mine, "--jobs", "1", code=4, env=env)
    run = re.search("run ([0-9a-z-]+)", failed.stderr)[1]
    left = tmp_path / ".concrete" / "runs" / run / "failed"

    assert "this is how far it came" in failed.stderr
    assert (left / "three/outputs/numbers/numbers.json").is_file()
    assert not (left / "two/outputs/numbers").exists()

    resumed = concrete("resume", run, "--json").json()

    assert resumed["status"] == "done"
    assert total(resumed) == 30


def test_retries_and_settings_of_a_step(concrete, mine, tmp_path):
    broken = tmp_path / "broken"
    broken.touch()
    env = {"BROKEN": str(broken), "TIMES": "1"}
    settings = ["--set", 'steps.two={retries=1,timeout="20s"}', "--set", "steps.three.retries=1"]

    found = concrete("run", mine, *settings, "--json", "--cold", env=env).json()

    assert found["status"] == "done"
    assert sorted(step["attempt"] for step in found["steps"]) == [1, 1, 1, 2]


def test_an_input_of_another_run(concrete, mine, tmp_path):
    run = concrete("run", mine, "--json").json()["run"]
    other = tmp_path / "other.toml"
    other.write_text(f"""
[experiment]
name = "other"
[pipeline]
scripts = "scripts/"
[pipeline.steps.again]
script = "total.py"
inputs = {{ parts = "run:{run}/three.numbers" }}
outputs = ["total"]
""")

    found = concrete("run", other, "--json").json()

    assert json.loads((Path(found["outputs"]["again.total"]) / "total.json").read_text()) == 18

    other.write_text(
        other.read_text().replace(f"run:{run}/three.numbers", "run:latest/three.numbers")
    )
    concrete("run", other)
    latest = concrete("show", "latest", "--json").json()["run"]
    plan = (tmp_path / ".concrete/runs" / latest / "plan.json").read_text()
    assert f"run:{run}/three.numbers" in plan, "latest is pinned, and is not the run itself"
    other.write_text(other.read_text().replace("three.numbers", "four.numbers"))
    assert "no run has been made in" in concrete("run", other, code=5).stderr


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("steps.two.script='dubble.py'", "did you mean 'double.py'"),
        ("steps.two.inputs.source='tow.numbers'", "did you mean 'two.numbers'"),
        ("steps.two.inputs.source='im.txt'", "did you mean 'in.txt'"),
        ("steps.two.after=['sum']", "steps wait for each other"),
        ("steps.two.after=['tel']", "did you mean 'tell'"),
        ("steps.sum.inputs.parts='two.number'", "did you mean 'two.numbers'"),
    ],
)
def test_says_what_is_wrong_before_anything_runs(concrete, mine, change, message):
    wrong = concrete("run", mine, "--set", f"pipeline.{change}", code=3)

    assert message in wrong.stderr
    assert not (mine.parent / ".concrete" / "runs").exists()


def test_every_problem_at_once_with_its_line(concrete, mine):
    mine.write_text(mine.read_text().replace("double.py", "duble.py").replace("in.txt", "no.txt"))

    wrong = concrete("check", mine, code=3)

    lines = re.findall(r"mine\.toml:(\d+):\d+", wrong.stderr)
    assert len(lines) == 4, wrong.stderr
    assert "4 problems" in wrong.stderr


def test_python_that_is_none_is_told_before_anything_runs(concrete, mine):
    folder = mine.parent / "scripts"
    (folder / "tell.py").write_text("import os\n\ndef tell(:\n    pass\n")
    (folder / "helper.py").write_text("def times(a, b)\n    return a * b\n")
    (folder / "total.py").write_bytes(b"import os\0\n")

    wrong = concrete("check", mine, code=3)

    assert "Python syntax: invalid syntax\n --> scripts/tell.py:3:10\n" in wrong.stderr
    assert "3 | def tell(:\n  |          ^" in wrong.stderr
    assert "Python syntax: expected ':'\n --> scripts/helper.py:1:16\n" in wrong.stderr
    assert "scripts/total.py" in wrong.stderr
    assert "3 problems" in wrong.stderr
    concrete("run", mine, code=3)
    assert not (mine.parent / ".concrete" / "runs").exists()


@pytest.mark.parametrize("command", ["train", "run", "finetune", "deploy"])
def test_a_folder_for_what_would_be_sent_without_dry_run_starts_nothing(concrete, mine, command):
    wrong = concrete(command, mine, "-o", "sent", code=2)

    assert "--output is for --dry-run: without it, a run would start" in wrong.stderr
    assert not (mine.parent / ".concrete").exists()


def test_run_without_steps_of_ones_own(concrete, tmp_path):
    concrete("init", tmp_path)

    assert "[pipeline.steps.NAME]" in concrete("run", code=3).stderr


def test_a_shipped_script_can_be_a_step(concrete, mine):
    text = mine.read_text().partition("[pipeline.steps.two]")[0]
    mine.write_text(f"""{text}
[pipeline.steps.look]
script = "describe.py"
inputs = {{ source = "in.csv" }}
outputs = ["description"]
""")
    (mine.parent / "in.csv").write_text("a,b\n1,2\n3,4\n")

    found = concrete("run", mine, "--json").json()

    folder = Path(found["outputs"]["look.description"])
    assert json.loads((folder / "description.json").read_text())["rows"] == 2


class TestAfter:
    """Steps that wait without reading, in the plan itself."""

    first = Step("first", "a.py", outputs=(Output("first", "x"),))

    def test_orders_and_is_written_down(self):
        plan = Plan("p", (Step("last", "b.py", after=("first",)), self.first))

        assert [step.name for step in plan.steps] == ["first", "last"]
        assert plan_json.from_document(json.loads(json.dumps(plan_json.document(plan)))) == plan

    def test_is_no_argument(self):
        assert Step("last", "b.py", after=("first",)).argv(str) == []

    def test_refuses_who_is_not_there_and_circles(self):
        with pytest.raises(ExperimentInvalid, match="waits for 'nobody'"):
            Plan("p", (Step("last", "b.py", after=("nobody",)),))
        with pytest.raises(ExperimentInvalid, match="wait for each other"):
            Plan("p", (Step("a", "a.py", after=("b",)), Step("b", "b.py", after=("a",))))


def test_run_anew_twice(concrete, mine):
    scripts = mine.parent / "scripts"
    text = (scripts / "double.py").read_text()
    (scripts / "double.py").write_text(
        text.replace('{"count"', '{"at": os.times().elapsed, "count"')
    )
    concrete("run", mine)

    again = concrete("run", mine, "--no-reuse", "--json").json()

    assert set(states(again).values()) == {"done"}, "each step left other bytes than before"
    assert concrete("run", mine, "--force", "two", "--json").json()["status"] == "done"
