"""`concrete score`: answers in the order of the rows, whatever the file, the shards, the pipe."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import _stream
from _rows import check_columns
from _step import Refused
from website import Site

ROOT = Path(__file__).parents[2]
MODELS = 'train.candidates={trees={model="lightgbm",params={n_estimators=200}}}'


def table(count, seed=0):
    random = np.random.default_rng(seed)
    rows = pd.DataFrame(
        {
            "size": random.uniform(1, 9, count).round(3),
            "kind": random.choice(["cold", "hot"], count),
            "new": random.random(count) < 0.5,
            "maybe": np.where(random.random(count) < 0.2, np.nan, random.uniform(0, 1, count)),
        }
    )
    rows["price"] = rows["size"] * 3 + (rows["kind"] == "hot") * 5 + rows["new"] + 10
    return rows


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with an experiment and a trained model, for all tests of this module."""
    folder = tmp_path_factory.mktemp("trained")
    table(300).to_csv(folder / "rows.csv", index=False)
    env = {name: text for name, text in os.environ.items() if not name.startswith("CONCRETE_")}
    for words in (
        ["init", ".", "--data", "rows.csv", "--target", "price"],
        ["train", "--set", MODELS, "--quiet"],
    ):
        command = [str(Path(sys.executable).with_name("concrete")), *words]
        subprocess.run(command, cwd=folder, env=env, check=True, capture_output=True)
    return folder


@pytest.fixture
def trained(folder, tmp_path):
    """A folder of this test's own with what was trained."""
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    return tmp_path / ".concrete"


@pytest.fixture
def site():
    made = Site()
    yield made
    made.close()


def test_score(concrete, tmp_path, trained, site):
    new = table(101, seed=1).drop(columns="price")
    new.to_csv(tmp_path / "new.csv", index=False)
    new.iloc[:, ::-1].to_parquet(tmp_path / "new.parquet")
    words = ["score", "--model", "run:latest", "--quiet"]

    told = concrete(*words, "--data", "new.csv", "--out", "p.parquet", "--shards", "2", "--json")
    concrete(*words, "--data", "new.parquet", "--out", "q.csv")
    piped = concrete(*words, "--data", "-", "--out", "-", stdin=(tmp_path / "new.csv").read_text())

    url = site.put("/new.csv", (tmp_path / "new.csv").read_bytes())
    assert f"concrete pin {url}" in concrete(*words, "--data", url, code=2).stderr
    uri = f"{url}#sha256={hashlib.sha256((tmp_path / 'new.csv').read_bytes()).hexdigest()}"
    concrete(*words, "--data", uri, "--out", "r.parquet", "--shards", "2")

    first = pd.read_parquet(tmp_path / "p.parquet")
    assert first.equals(pd.read_parquet(tmp_path / "r.parquet"))
    assert list(first.columns) == ["prediction", "lower", "upper", "warnings"]
    assert told.json()["rows"] == len(first) == 101
    assert told.json()["out"] == str(tmp_path / "p.parquet")
    assert told.json()["rows_per_second"] > 0
    expected = new["size"] * 3 + (new["kind"] == "hot") * 5 + new["new"] + 10
    assert np.abs(first["prediction"] - expected).mean() < 1.5
    assert (first["lower"] < first["prediction"]).all()
    second = pd.read_csv(tmp_path / "q.csv")
    pd.testing.assert_series_equal(first["prediction"], second["prediction"])
    assert piped.stdout == (tmp_path / "q.csv").read_text()
    assert piped.stderr == ""
    loud = concrete(*words[:-1], "--data", "new.csv", "--out", "-")
    assert loud.stdout == piped.stdout
    assert "101 rows" in loud.stderr

    again = concrete(*words, "--data", "new.csv", "--out", "p.parquet", "--shards", "2", "--json")
    shown = concrete("show", again.json()["run"], "--json").json()
    assert {step["state"] for step in shown["steps"]} == {"reused"}
    assert not list((tmp_path / ".concrete" / "tmp").glob("stdin-*"))


def test_what_is_odd_in_a_row_is_said_beside_its_answer(concrete, tmp_path, trained):
    new = table(5, seed=2).drop(columns="price")
    new.insert(0, "id", ["007", "a,b", 'c"d', "e", "f"])
    new.loc[0, "size"] = 900
    new.loc[1, "kind"] = "tepid"
    new.loc[2, "kind"] = None
    new.loc[3, "size"] = np.inf
    new["maybe"] = 0.5
    new.to_csv(tmp_path / "new.csv", index=False)

    words = ["--model", "run:latest", "--data", "new.csv", "--keep", "id", "--out", "-"]
    told = concrete("score", *words)

    (tmp_path / "out.csv").write_text(told.stdout)
    found = pd.read_csv(tmp_path / "out.csv", dtype={"id": str})
    assert list(found["id"]) == list(new["id"])
    warnings = list(found["warnings"].fillna(""))
    assert warnings[0].startswith("size 900 is outside 1.")
    assert warnings[1] == "kind 'tepid' was not seen in training"
    assert warnings[2] == "kind is missing"
    assert "size inf is outside" in warnings[3]
    assert warnings[4] == ""
    assert found["prediction"].notna().all()
    assert "warning: 4 rows are unlike the training rows: size 2, kind 2" in told.stderr
    assert told.stdout.splitlines()[1].startswith("007,")

    new.assign(id=range(5), kind="hot").to_csv(tmp_path / "new.csv", index=False)
    concrete("score", *words[:-1], "p.parquet", "--keep", "new", "--keep", "kind")
    typed = pd.read_parquet(tmp_path / "p.parquet")
    assert [str(typed[name].dtype) for name in ("id", "new")] == ["int64", "bool"]
    assert list(typed["kind"]) == ["hot"] * 5


@pytest.mark.parametrize(
    ("names", "keep", "message"),
    [
        (["kind"], [], "it has no column 'size'"),
        (["Size", "kind"], [], "did you mean 'Size'"),
        (["a", "b"], [], "no column 'size'; it has a, b, it has no column 'kind'$"),
        (["size", "kind", "id"], [], "the model knows nothing of 'id'.*--keep id"),
        (["size", "kind", "id"], ["ID"], "no column 'ID' to keep; did you mean 'id'"),
    ],
)
def test_columns_are_checked(names, keep, message):
    signature = {"columns": [{"name": "size"}, {"name": "kind"}]}

    with pytest.raises(Refused, match=message):
        check_columns(names, signature, keep, Path("new.csv"))
    check_columns(["kind", "size"], signature, [], Path("new.csv"))


def test_values_are_checked(concrete, tmp_path, trained):
    piped = table(5, seed=3).assign(new="so").to_csv(index=False)
    words = ["--model", "run:latest", "--data", "-", "--out", "x.csv", "--keep", "price"]

    failed = concrete("score", *words, stdin=piped, code=4)

    assert "row 1: 'new' should be true or false, got 'so'" in failed.stderr
    assert not (tmp_path / "x.csv").exists()
    (kept,) = (trained / "tmp").glob("stdin-*")  # the replay line and `resume` read it
    assert str(kept) in failed.stderr
    assert kept.read_text() == piped


def test_resume_brings_the_predictions_to_where_they_were_wanted(concrete, tmp_path, trained):
    wrong = table(5).drop(columns="price").assign(size="so")
    words = ["score", "--model", "run:latest", "--data", "new.csv", "--out"]
    wrong.to_csv(tmp_path / "new.csv", index=False)
    assert "concrete resume" in concrete(*words, "x.csv", code=4).stderr

    wrong.assign(size=2).to_csv(tmp_path / "new.csv", index=False)
    told = concrete("resume")

    assert told.stdout == f"{tmp_path / 'x.csv'}\n"
    assert "5 rows" in told.stderr
    assert len(pd.read_csv(tmp_path / "x.csv")) == 5
    piped = concrete(*words, "-")
    assert piped.stdout == (tmp_path / "x.csv").read_text() == concrete("resume").stdout
    assert concrete("resume", "--json").json()["out"].endswith("predictions.csv")


@pytest.mark.parametrize("text", ["\n", "\n\n\n"])
def test_a_file_of_blank_lines_is_empty(tmp_path, text):
    path = tmp_path / "blank.csv"
    path.write_text(text)

    with (
        pytest.raises(Refused, match="is empty: it needs a header line"),
        _stream.opened(path),
    ):
        pass


def test_what_cannot_be_asked(concrete, tmp_path, trained):
    table(5).to_csv(tmp_path / "new.csv", index=False)
    data = ["score", "--data", "new.csv"]

    assert "which model" in concrete(*data, code=2).stderr
    assert "no model called 'nobody'" in concrete(*data, "--model", "nobody", code=5).stderr
    model = ["--model", "run:latest"]
    assert "no format" in concrete(*data, *model, "--out", "x.xls", code=2).stderr
    assert "new.csv" in concrete("score", *model, "--data", "now.csv", code=5).stderr
    assert "stdout" in concrete(*data, *model, "--out", "-", "--json", code=2).stdout


def test_memory_does_not_grow_with_the_rows(concrete, tmp_path, trained):
    (model,) = trained.glob("runs/*/model")
    peaks = []
    for count in (70_000, 210_000):
        data, out = tmp_path / f"{count}.parquet", tmp_path / f"out-{count}"
        rows = table(1000).drop(columns="price")
        pd.concat([rows] * (count // 1000)).to_parquet(data, index=False)
        out.mkdir()
        code = (
            "import resource, runpy, sys; sys.argv[1:] = sys.argv[2:];"
            "sys.path.insert(0, sys.argv.pop(1));"
            "runpy.run_path(sys.path[0] + '/score_rows.py', run_name='__main__');"
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
        )
        words = [str(ROOT / "steps"), "--model", str(model), "--data", str(data)]
        done = subprocess.run(
            [sys.executable, "-c", code, "-", *words, "--predictions", str(out)],
            capture_output=True,
            text=True,
            check=True,
        )
        peaks.append(int(done.stdout.split()[-1]) // 1024)
        assert json.loads((out / "metrics.json").read_text())["rows"] == count
    assert peaks[1] < peaks[0] + 60, f"{peaks} MB"
