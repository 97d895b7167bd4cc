"""An experiment that was read before is not read again, unless anything it is made of changed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from concrete_cli import config, execute, planned
from concrete_cli.commands.collect import collect
from concrete_cli.errors import ExperimentInvalid
from concrete_cli.execute import Request
from concrete_cli.registry.models import Models
from concrete_cli.workspace import Workspace

TEXT = """
[experiment]
name = "toy"
[data]
source = "rows.csv"
target = "y"
[train.candidates.linear]
model = "linear"
"""


@pytest.fixture
def toy(tmp_path):
    """An experiment of three small files."""
    (tmp_path / "rows.csv").write_text("a,y\n" + "".join(f"{i},{i % 7}\n" for i in range(40)))
    (tmp_path / "base.toml").write_text(TEXT)
    file = tmp_path / "concrete.toml"
    file.write_text('extends = "base.toml"\n[train]\nfolds = 3\n')
    return file


@pytest.fixture
def reads(monkeypatch):
    """Count how often an experiment is read."""
    seen = []
    load = config.load

    def counted(*args, **kwargs):
        seen.append(args)
        return load(*args, **kwargs)

    monkeypatch.setattr(config, "load", counted)
    return seen


def kept(file):
    """Return what is kept: once for `train`, once for who names no workflow."""
    return sorted((file.parent / ".concrete" / "plans").iterdir())


def prepare(file, *sets):
    return execute.prepare(Request("train", file, sets=sets))


def test_plan_finds_what_a_run_has_read(toy, reads):
    ran = prepare(toy)
    shown = execute.prepare(Request("", toy, dry=True))

    assert len(reads) == 1
    assert (shown.plan, shown.request.workflow) == (ran.plan, "train")


def test_the_second_time_it_is_not_read_and_the_plan_is_the_same(toy, reads):
    first, second = prepare(toy), prepare(toy)

    assert len(reads) == 1
    assert second.plan == first.plan
    assert second.planned == first.planned
    assert second.experiment.train.folds == 3


@pytest.mark.parametrize(
    "change",
    [
        lambda toy: toy.write_text(toy.read_text().replace("3", "4")),
        lambda toy: (toy.parent / "base.toml").write_text(TEXT.replace('"toy"', '"joy"')),
        lambda toy: (toy.parent / "rows.csv").write_text("a,y,b\n" + "1,2,3\n" * 40),
        lambda toy: [path.write_text('{"planned": 1}') for path in kept(toy)],
        lambda toy: [path.write_bytes(b"\xff\0") for path in kept(toy)],
    ],
    ids=["the file", "what it extends", "the data", "what was kept", "what was kept, binary"],
)
def test_it_is_read_again_when_something_has_changed(toy, reads, change):
    prepare(toy)
    change(toy)

    prepare(toy)

    assert len(reads) == 2


def source_of(prepared):
    return Path(prepared.plan.step("prepare").inputs["source"].uri).read_text()


def test_a_link_to_the_data_may_be_turned_to_other_data(toy, reads):
    data = toy.parent / "rows.csv"
    for version in ("v1.csv", "v2.csv"):
        (toy.parent / version).write_text(f"a,y\n1,2\n3,{version[1]}\n")
        data.unlink()
        data.symlink_to(version)

        assert source_of(prepare(toy)) == (toy.parent / version).read_text()

    assert len(reads) == 2


def test_a_path_in_a_set_is_looked_for_from_where_one_is(toy, reads, monkeypatch):
    for place in ("one", "two"):
        (toy.parent / place).mkdir()
        (toy.parent / place / "new.csv").write_text(f"a,y\n1,2\n3,4\n{place}")
        monkeypatch.chdir(toy.parent / place)

        assert source_of(prepare(toy, "data.source=new.csv")).endswith(place)

    assert len(reads) == 2


def test_each_set_has_a_plan_of_its_own(toy, reads):
    plans = [prepare(toy, f"train.folds={folds}").plan for folds in (2, 4, 2, 4)]

    assert len(reads) == 2
    assert plans[0] == plans[2] != plans[1] == plans[3]


def test_data_that_has_gone_is_a_problem_again(toy):
    prepare(toy)
    (toy.parent / "rows.csv").unlink()

    with pytest.raises(ExperimentInvalid, match=r"there is no file .*rows\.csv"):
        prepare(toy)


def test_our_own_code_counts(toy, reads, monkeypatch):
    prepare(toy)
    monkeypatch.setattr(planned, "__version__", "another")

    prepare(toy)

    assert len(reads) == 2


def test_a_home_that_takes_nothing_stops_nothing(toy, monkeypatch):
    prepare(toy)
    monkeypatch.setattr(
        planned.disk, "write", lambda *_: (_ for _ in ()).throw(OSError(28, "full"))
    )

    assert prepare(toy, "train.folds=2").plan.steps


OWN = """
[experiment]
name = "own"
[pipeline.steps.one]
script = "one.py"
outputs = ["out"]
inputs = { given = INPUT }
"""


def test_a_pipeline_of_ones_own_is_kept_too_unless_an_input_may_move_on(toy, reads):
    (toy.parent / "one.py").write_text("")
    toy.write_text(OWN.replace("INPUT", '"rows.csv"'))
    for _ in range(2):
        execute.prepare(Request("run", toy))
    assert len(reads) == 1
    (toy.parent / "one.py").unlink()
    with pytest.raises(ExperimentInvalid, match=r"there is no script 'one\.py'"):
        execute.prepare(Request("run", toy))

    models = Models(toy.parent / ".concrete")
    (toy.parent / "made").mkdir()
    (toy.parent / "made" / "model.skops").write_text("1")
    models.publish("m", toy.parent / "made")
    (toy.parent / "one.py").write_text("")
    toy.write_text(OWN.replace("INPUT", '"model:m"'))
    reads.clear()
    for _ in range(2):
        execute.prepare(Request("run", toy))
    assert len(reads) == 2


def test_what_is_kept_has_no_bearing_on_other_backends_and_workflows(toy, reads):
    for _ in range(2):
        execute.prepare(Request("", toy))

    assert len(reads) == 1
    assert execute.prepare(Request("", toy)).request.workflow == "train"


def test_gc_removes_what_was_kept_long_ago(toy, reads):
    prepare(toy, "train.folds=2")
    old = kept(toy)
    prepare(toy, "train.folds=3")
    new = [path for path in kept(toy) if path not in old]
    for path in old:
        os.utime(path, (1, 1))

    freed = collect(Workspace(toy.parent / ".concrete"), 3600)["bytes"]

    assert freed > 0
    assert kept(toy) == new
    prepare(toy, "train.folds=2")
    prepare(toy, "train.folds=3")
    assert len(reads) == 3


def test_a_second_run_imports_no_pydantic(toy, concrete):
    concrete("train", toy, "-q")
    code = (
        "import sys; from concrete_cli.cli.app import run\n"
        "run(sys.argv[1:]); print('\\n', *sorted(sys.modules), file=sys.stderr)"
    )

    told = subprocess.run(
        [sys.executable, "-c", code, "train", str(toy), "--json"],
        capture_output=True,
        text=True,
        env=os.environ,
        check=True,
    )

    assert {step["state"] for step in json.loads(told.stdout)["steps"]} == {"reused"}
    loaded = set(told.stderr.split())
    assert "concrete_cli.planned" in loaded
    assert not loaded & {"pydantic", "numpy", "rich"}
