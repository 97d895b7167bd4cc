"""What holds for each script: help, exit codes, what it may import, what the plan gives it."""

import ast
import importlib
import sys
from importlib.machinery import PathFinder
from pathlib import Path

import pytest

import _step
from concrete_cli import config
from concrete_cli.workflows.train import train
from stepping import DATA, ROOT, STEPS, process, read

SCRIPTS = ("prepare", "split", "train", "choose", "evaluate")


@pytest.mark.parametrize("script", SCRIPTS)
def test_help(script, capsys):
    module = importlib.import_module(script)
    with pytest.raises(SystemExit) as caught:
        module.parser().parse_args(["--help"])
    assert caught.value.code == 0
    text = capsys.readouterr().out
    assert module.__doc__.splitlines()[0] in text


def test_exit_codes_are_those_of_the_contract(tmp_path):
    (tmp_path / "empty.csv").touch()
    good = ["--target", "compressive_strength", "--data", str(tmp_path)]
    for arguments, code, said in (
        (["--help"], 0, ""),
        ([*good, "--source", str(DATA)], 0, ""),
        ([*good], 2, "the following arguments are required: --source"),
        ([*good, "--source", str(DATA), "--drop", "{"], 2, "argument --drop: not JSON"),
        ([*good, "--source", str(DATA), "--targ", "x"], 2, "unrecognized arguments"),
        ([*good, "--source", str(tmp_path / "empty.csv")], 3, "is empty: it needs a header"),
        ([*good[:2], "--data", str(tmp_path / "no"), "--source", str(DATA)], 1, "Traceback"),
    ):
        done = process("prepare", *arguments)
        assert (done.returncode, said in done.stderr) == (code, True), done.stderr
        if code == 3:
            assert done.stderr.startswith("error: ")
            assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("name", ["concrete", "quick"])
def test_every_script_takes_what_the_plan_gives_it(name, tmp_path):
    plan = train(config.load(ROOT / "configs" / f"{name}.toml"))
    for step in plan.steps:
        module = importlib.import_module(step.script.removesuffix(".py"))
        argv = step.argv(lambda item: getattr(item, "uri", f"{tmp_path}/{item}"))
        args = vars(module.parser().parse_args(argv))
        for key, value in step.params.items():
            assert args[key] == value
    assert [step.name for step in plan.steps[:2]] == ["prepare", "split"]
    assert [step.name for step in plan.steps[-2:]] == ["select", "evaluate"]
    assert all(step.optional == step.name.startswith("train_") for step in plan.steps)


def test_no_file_hides_a_module_of_python_or_of_a_library():
    names = {path.stem for path in STEPS.glob("*.py")}
    assert not names & set(sys.stdlib_module_names)
    elsewhere = [folder for folder in sys.path if Path(folder).resolve() != STEPS]
    for name in names:
        assert PathFinder.find_spec(name, elsewhere) is None, name


def test_steps_do_not_know_the_command():
    for path in STEPS.glob("*.py"):
        assert "concrete_cli" not in imported(path), path.name


@pytest.mark.parametrize("script", SCRIPTS)
def test_trackers_are_not_imported_by_statement(script):
    """A warm server would load them for everyone."""
    seen, waiting = set(), {STEPS / f"{script}.py"}
    while waiting:
        path = waiting.pop()
        seen.add(path)
        names = imported(path)
        assert not names & {"mlflow", "azureml"}, path.name
        siblings = {STEPS / f"{name}.py" for name in names}
        waiting |= {sibling for sibling in siblings - seen if sibling.is_file()}


def imported(path):
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names |= {alias.name for alias in node.names} if isinstance(node, ast.Import) else set()
        names |= {node.module} if isinstance(node, ast.ImportFrom) else set()
    return {name.partition(".")[0] for name in names}


def test_the_tables_need_nothing_but_python():
    code = (
        f"import sys; sys.path.insert(0, {str(STEPS)!r}); import _families, _expression;"
        "assert not {'numpy', 'pandas', 'sklearn'} & set(sys.modules)"
    )
    importlib.import_module("subprocess").run([sys.executable, "-c", code], check=True)


class FakeMlflow:
    def __init__(self):
        self.logged = {}

    def log_metrics(self, metrics):
        self.logged |= metrics


def test_metrics_go_to_mlflow_where_there_is_one(tmp_path, monkeypatch):
    fake = FakeMlflow()
    monkeypatch.setitem(sys.modules, "mlflow", fake)
    metrics = {"rmse": 1.5, "rows": 3, "ci": [1, 2], "r2": float("nan"), "good": True}
    _step.report(metrics, tmp_path)
    assert fake.logged == {}
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "file:///nowhere")
    monkeypatch.setenv("MLFLOW_RUN_ID", "run")
    _step.report(metrics, tmp_path)
    assert fake.logged == {"rmse": 1.5, "rows": 3}
    assert read(tmp_path / "metrics.json") == {**metrics, "r2": None}


def test_a_tracker_that_breaks_costs_a_warning_only(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "mlflow", None)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "file:///nowhere")
    monkeypatch.setenv("MLFLOW_RUN_ID", "run")
    _step.report({"rmse": 1}, tmp_path)
    assert "warning: metrics were not sent to mlflow" in capsys.readouterr().err
    assert read(tmp_path / "metrics.json") == {"rmse": 1}


@pytest.mark.parametrize(("text", "count"), [("3", 3), ("0", 1), ("1", 1)])
def test_threads_are_those_of_the_step(monkeypatch, text, count):
    monkeypatch.setenv("OMP_NUM_THREADS", text)
    assert _step.cpus() == count
