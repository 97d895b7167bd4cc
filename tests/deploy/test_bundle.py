"""Packing a model, and trying the bundle as a server would."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import served


def smoke(bundle, tmp_path):
    report = tmp_path / "report"
    report.mkdir()
    script = [sys.executable, str(served.STEPS / "smoke.py")]
    arguments = ["--bundle", str(bundle), "--report", str(report)]
    return subprocess.run([*script, *arguments], check=False, capture_output=True, text=True)


@pytest.fixture
def copy(bundle, tmp_path):
    return Path(shutil.copytree(bundle, tmp_path / "bundle"))


def test_it_holds_what_scoring_needs_and_no_more(bundle):
    code = {path.name for path in (bundle / "code").iterdir()}
    assert {"score.py", "_scoring.py", "_bundle.py", "_pipeline.py"} <= code
    assert not code & {"pack.py", "train.py", "_table.py", "__pycache__"}
    pinned = (bundle / "requirements.txt").read_text().splitlines()
    assert pinned[0].startswith("# made with Python 3.")
    assert any(line.startswith("lightgbm==") for line in pinned)


def test_packing_again_gives_the_same_bytes(model, bundle, tmp_path):
    again = served.pack(model, tmp_path / "again")
    assert (again / "bundle.json").read_bytes() == (bundle / "bundle.json").read_bytes()


def test_smoke_finds_the_recorded_answer(bundle, tmp_path):
    done = smoke(bundle, tmp_path)
    assert done.returncode == 0, done.stderr
    metrics = json.loads((tmp_path / "report" / "metrics.json").read_text())
    assert metrics["rows"] == 3
    assert metrics["largest_difference"] == 0


def test_a_changed_file_is_refused(copy, tmp_path):
    with (copy / "model" / "model.skops").open("ab") as file:
        file.write(b"x")
    done = smoke(copy, tmp_path)
    assert done.returncode == 3
    assert "its sha256 differs" in done.stderr
    assert done.stderr.count("\n") == 1


def test_another_answer_is_refused(copy, tmp_path):
    about = json.loads((copy / "bundle.json").read_text())
    about["sample"]["answer"]["predictions"][1] += 1e-3
    (copy / "bundle.json").write_text(json.dumps(about))
    done = smoke(copy, tmp_path)
    assert done.returncode == 3
    assert "was recorded" in done.stderr


def test_a_missing_sibling_is_noticed(copy, tmp_path):
    about = json.loads((copy / "bundle.json").read_text())
    (copy / "code" / "_intervals.py").unlink()
    del about["files"]["code/_intervals.py"]
    (copy / "bundle.json").write_text(json.dumps(about))
    done = smoke(copy, tmp_path)
    assert done.returncode == 3
    assert "No module named '_intervals'" in done.stderr


def test_by_hand(bundle, about):
    request = json.dumps(about["sample"]["request"])
    command = [sys.executable, str(bundle / "code" / "score.py"), "--bundle", str(bundle)]
    done = subprocess.run(command, input=request, check=True, capture_output=True, text=True)
    answer = json.loads(done.stdout)
    assert answer["predictions"] == about["sample"]["answer"]["predictions"]
    assert answer["intervals"] == about["sample"]["answer"]["intervals"]
    assert answer["model"] == "mix:1"


def test_a_class_of_the_users_own_travels(model, tmp_path, monkeypatch):
    own = tmp_path / "own"
    (own / "shop").mkdir(parents=True)
    (own / "shop" / "__init__.py").write_text("from shop.parts import PART\n")
    (own / "shop" / "parts.py").write_text("PART = 1\n")
    manifest = json.loads((model / "manifest.json").read_text())
    from _closure import own_modules

    monkeypatch.syspath_prepend(str(own))
    found = own_modules(["shop.parts:Thing", manifest["model"], "sklearn.svm:SVR"])
    assert set(found) == {"shop/__init__.py", "shop/parts.py"}
