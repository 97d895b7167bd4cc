"""A model of the user's own class brings its code along, and runs that code and no other."""

import json
import os
import subprocess
import sys
from importlib import invalidate_caches

import pytest
from concrete_cli.backends.local.serving import bundles

import served
from _bundle import load_bundle
from _step import Refused
from concrete_cli import home
from concrete_cli.errors import Damaged, UsageError
from concrete_cli.registry import archive as model_archive
from concrete_cli.registry.models import Models
from served import pack

OWN = """
import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin


class Middle(RegressorMixin, BaseEstimator):
    def __init__(self, shift=0.0):
        self.shift = shift

    def fit(self, X, y):
        self.value_ = float(np.median(y)) + self.shift
        return self

    def predict(self, X):
        from own_parts.more import extra  # late: when the model has long been loaded

        return np.full(len(X), self.value_ + extra())
"""
MORE = "def extra():\n    return 1.0\n"
FILES = ["own_middle.py", "own_parts/__init__.py", "own_parts/more.py"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Where the code was, and the model that was made of it; no module of it is loaded now."""
    base = tmp_path_factory.mktemp("own")
    source = base / "source"
    (source / "own_parts").mkdir(parents=True)
    for name, text in zip(FILES, (OWN, "", MORE), strict=True):
        (source / name).write_text(text)
    sys.path.insert(0, str(source))
    invalidate_caches()
    model = served.model(base / "model", "own_middle:Middle")
    sys.path.remove(str(source))
    forget()
    return source, model


def forget():
    for name in [name for name in sys.modules if name.startswith("own_")]:
        del sys.modules[name]


@pytest.fixture(autouse=True)
def as_before(monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", sys.dont_write_bytecode)
    yield
    forget()


@pytest.fixture
def copy(made, tmp_path):
    import shutil

    return shutil.copytree(made[1], tmp_path / "model")


def predicted(folder):
    frame = served.rows(3).drop(columns="y")
    return load_bundle(folder)[0].predict(frame).tolist()


def test_the_manifest_lists_the_code_and_what_it_imports(made):
    manifest = json.loads((made[1] / "manifest.json").read_text())
    assert sorted(manifest["code"]) == FILES
    assert manifest["imports"] == ["numpy", "sklearn.base"]


def test_a_bundle_answers_in_an_interpreter_that_never_saw_the_code(made, tmp_path):
    bundle = pack(made[1], tmp_path / "bundle")
    about = json.loads((bundle / "bundle.json").read_text())
    assert {f"model/code/{name}" for name in FILES} <= set(about["files"])
    command = [sys.executable, "-P", bundle / "code" / "score.py", "--bundle", bundle]
    request = json.dumps(about["sample"]["request"])
    env = {key: text for key, text in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        command, input=request, check=True, capture_output=True, text=True, cwd="/", env=env
    )
    assert json.loads(done.stdout)["predictions"] == about["sample"]["answer"]["predictions"]
    assert not [*bundle.rglob("__pycache__")]


def test_code_that_has_changed_meanwhile_changes_no_model(copy, tmp_path, monkeypatch):
    before = predicted(copy)
    forget()
    other = tmp_path / "other"
    (other / "own_parts").mkdir(parents=True)
    for name, text in zip(FILES, (OWN, "", "def extra():\n    return 9.0\n"), strict=True):
        (other / name).write_text(text)
    monkeypatch.syspath_prepend(str(other))
    __import__("own_parts.more")
    assert predicted(copy) == before


def test_code_that_is_not_the_listed_one_is_not_run(copy):
    canary = copy / "canary"
    evil = f"open({str(canary)!r}, 'w')\n"
    (copy / "code" / "numpy.py").write_text(evil)
    with pytest.raises(Refused, match=r"numpy\.py is not the code"):
        load_bundle(copy)
    (copy / "code" / "numpy.py").unlink()
    (copy / "code" / "own_middle.py").write_text(evil + OWN)
    with pytest.raises(Refused, match=r"own_middle\.py is not the code"):
        load_bundle(copy)
    assert not canary.exists()


def test_the_code_goes_into_the_registry_and_out_of_it(copy, tmp_path):
    here, there = (Models(home.prepare(tmp_path / name)) for name in ("here", "there"))
    version = here.publish("own", copy)
    model_archive.export(version, tmp_path / "own.zip")
    with pytest.raises(UsageError, match=r"carries its code .own_middle\.py") as refused:
        model_archive.bring(there, tmp_path / "own.zip")
    assert "--trust-code" in refused.value.help
    assert not there.names()
    brought = model_archive.bring(there, tmp_path / "own.zip", trust=True)
    assert predicted(brought.path) == predicted(copy)
    assert brought.damage() == ""


def test_an_archive_with_code_that_nobody_listed_is_refused(copy, tmp_path):
    here, there = (Models(home.prepare(tmp_path / name)) for name in ("here", "there"))
    (copy / "code" / "more.py").write_text("")
    model_archive.export(here.publish("own", copy), tmp_path / "own.zip")
    with pytest.raises(Damaged, match=r"code/more\.py is not the code"):
        model_archive.bring(there, tmp_path / "own.zip", trust=True)


LOADED = """
import importlib, json, pathlib, sys
from concrete_cli.backends.local.serving import model

scorer = model.load(pathlib.Path(sys.argv[1])).LOADED["model"]
sample = json.loads(pathlib.Path(sys.argv[1], "bundle.json").read_text())["sample"]
row = sample["request"]["data"][0]
for rows in (1, 100):  # the quick way, if there is one, and the pipeline's own
    scorer.quicken()
    assert len(scorer.answer(json.dumps({"data": [row] * rows}))["predictions"]) == rows
print("pandas" in sys.modules)
try:
    importlib.import_module("pandas")
except ImportError:
    print("not for it")
"""


def test_only_code_of_ones_own_may_want_pandas_in_an_endpoint(bundle, made, tmp_path):
    brings_code = pack(made[1], tmp_path / "bundle", "own:1")
    told = {}
    for one in (bundle, brings_code):
        deployed = bundles.copy(one, tmp_path)  # only what an endpoint has copied is loaded
        done = subprocess.run(
            [sys.executable, "-c", LOADED, str(deployed)],
            capture_output=True,
            text=True,
            check=True,
        )
        told[one] = done.stdout.split("\n")
    assert told[bundle][:2] == ["False", "not for it"]
    assert "not for it" not in told[brings_code]
