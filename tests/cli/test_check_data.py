"""What `check` finds in the data before a run does, and `check --data` in all of it."""

import gzip
from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest

TEXT = """\
[experiment]
name = "t"
[data]
source = "SOURCE"
target = "y"
[train]
folds = 3
[train.candidates]
ridge = { model = "ridge" }
"""
ROWS = "x,y\n" + "".join(f"{one},{one**2 % 7}\n" for one in range(40))


@pytest.fixture
def checked(concrete, tmp_path):
    """Check an experiment over a file that holds `content`."""

    def check(content, *words, name="t.csv", code=0, more=""):
        path = tmp_path / name
        if content is not None:
            path.parent.mkdir(exist_ok=True)
        if isinstance(content, pd.DataFrame):
            content.to_parquet(path)
        elif content is not None:
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        source = name.partition("/")[0] if content is not None else name
        (tmp_path / "concrete.toml").write_text(TEXT.replace("SOURCE", source) + more)
        return concrete("check", *words, code=code)

    return check


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        ("a,,y\n" + "1,2,3\n" * 9, "t.csv", "column 2 has no name"),
        (",x,y\n" + "1,2,3\n" * 9, "t.csv", "column 1 has no name"),
        ("x,y\n", "t.csv", "has a header but no rows"),
        ("x,y\n1,2\n", "t.csv", "too few rows"),
        (b"x,y\n1,\0\1\2\n" * 99, "t.csv", "is not text"),
        (b"PAR1 and no more", "t.parquet", "is not a Parquet file that can be read"),
        (pd.DataFrame({"x": range(9), "z": range(9)}), "t.parquet", "the data has no column 'y'"),
        (gzip.compress(b"x,,y\n" + b"1,2,3\n" * 9), "t.csv.gz", "column 2 has no name"),
    ],
    ids=["nameless", "index", "no row", "one row", "bytes", "torn", "no target", "packed"],
)
def test_what_prepare_would_refuse_is_found(checked, content, name, message):
    told = checked(content, name=name, code=3)
    assert message in told.stderr
    assert "--> concrete.toml:4" in told.stderr or "--> concrete.toml:5" in told.stderr


def test_a_folder_of_two_files(checked, tmp_path):
    (tmp_path / "rows").mkdir()
    (tmp_path / "rows" / "other.csv").write_text(ROWS)
    told = checked(ROWS, name="rows/some.csv", code=3)
    assert "is a folder with 2 data files: name one of them" in told.stderr


@pytest.mark.skipif(bool(find_spec("s3fs")), reason="s3:// can be read here")
def test_a_store_that_cannot_be_read(checked):
    told = checked(None, name="s3://bucket/t.csv", code=3)
    assert "sha256" in told.stderr  # it wants one first
    told = checked(None, "--set", f'data.sha256="{"a1" * 32}"', name="s3://bucket/t.csv", code=3)
    assert "s3:// needs" in told.stderr
    assert "pip install" in told.stderr


def test_the_first_rows_tell_of_times_and_indexes(checked, tmp_path):
    days = pd.date_range("2024-01-01", periods=40).strftime("%Y-%m-%dT%H:%M")
    rows = "".join(f"{day},{one},{one % 5}\n" for one, day in enumerate(days))
    epochs = "".join(f"{1_700_000_000 + one},{one},{one % 5}\n" for one in range(40))
    frame = pd.DataFrame({"x": np.arange(40.0), "y": np.arange(40) % 5.5})
    told = [
        checked("when,x,y\n" + rows).stderr,
        checked(gzip.compress(("when,x,y\n" + rows).encode()), name="t.csv.gz").stderr,
        checked("when,x,y\n" + epochs).stderr,
        checked("when,x,y\n" + rows * 2000).stderr,
        checked(frame.assign(when=pd.Timestamp("2024-01-01")), name="t.parquet").stderr,
    ]
    index = checked(frame[frame["x"] % 3 > 0], name="t.parquet")

    for text in told:
        assert "warning: 'when' holds dates or times, but the split ignores their order" in text
    assert "warning: the index that pandas has left in the file" in index.stderr
    assert checked(ROWS).stderr == ""


def test_all_rows_are_read_when_asked_for(checked, tmp_path):
    late = ROWS + "oops,3\n"
    grouped = '[split]\ngroup_by = ["x"]\n'
    same = "x,y\n" + "".join(f"{one % 3},{one % 7}\n" for one in range(40))

    assert checked(late).stderr == ""
    assert "should hold numbers but has text in row 41" in checked(late, "--data", code=3).stderr
    assert "too few for a test set" in checked(same, "--data", code=3, more=grouped).stderr
    told = checked(ROWS, "--data")
    assert "REGRESSION" in told.stderr
    assert told.stdout.rstrip().endswith("no problems, 5 steps, 40 rows")
    assert (
        "reads files of this machine" in checked(None, "--data", name="azureml:a:1", code=2).stderr
    )
    assert checked(ROWS, "--data", "--json").json()["rows"] == 40
    assert not (tmp_path / ".concrete").exists()
