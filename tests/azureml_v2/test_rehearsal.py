"""A rehearsal says equal, or which step differs and how."""

import json
import math
import zipfile

import pytest
from concrete_cli.backends.azureml_v2.rehearse import emulated
from concrete_cli.backends.rehearsal import differences, rehearse

from concrete_cli import home as homes
from concrete_cli.plan import Output, Plan, Step


@pytest.fixture
def home(tmp_path):
    return homes.prepare(tmp_path / ".concrete")


def rehearsal(plan, home, tmp_path, **settings):
    with emulated(plan, tmp_path / "emulated", settings) as backend:
        return rehearse(plan, home, backend)


def test_the_toy_plan_is_equal(toy, home, tmp_path):
    found = rehearsal(toy, home, tmp_path)
    assert found["equal"], found
    assert found["backend"] == "azureml-v2"
    names = ["numbers", "power_2", "power_3", "best"]
    assert found["steps"] == [{"name": n, "equal": True, "differences": []} for n in names]


SCRIPT = """
import argparse, json, os, sys
from pathlib import Path
parser = argparse.ArgumentParser()
parser.add_argument("--where", type=Path)
args = parser.parse_args()
cloud = "AZUREML_RUN_ID" in os.environ
(args.where / "metrics.json").write_text(json.dumps({"cloud": cloud, "seconds": id(cloud)}))
(args.where / "same.txt").write_text("same")
if cloud:
    (args.where / "extra.txt").write_text("extra")
"""


def test_a_script_that_behaves_otherwise_in_the_cloud_is_found(home, tmp_path):
    script = tmp_path / "two_faced.py"
    script.write_text(SCRIPT)
    step = Step("two_faced", str(script), {}, (Output("two_faced", "where"),))

    found = rehearsal(Plan("p", (step,)), home, tmp_path)

    assert found["equal"] is False
    assert found["steps"][0]["differences"] == [
        "where/extra.txt is not on local",
        "where/metrics.json: cloud is False on local, True there",
    ]


def test_a_file_that_does_not_travel_is_found(home, tmp_path):
    """The usual surprise: a step reads a file beside it, which no cloud has."""
    script = tmp_path / "reads.py"
    script.write_text(
        "import sys\nfrom pathlib import Path\n"
        "text = (Path(__file__).parent / 'beside.txt').read_text()\n"
        "(Path(sys.argv[2]) / 'copy.txt').write_text(text)\n"
    )
    (tmp_path / "beside.txt").write_text("here")
    step = Step("reads", str(script), {}, (Output("reads", "copy"),))

    found = rehearsal(Plan("p", (step,)), home, tmp_path)

    first, second = found["steps"][0]["differences"]
    assert first.startswith("done on local, failed on azureml-v2: ")
    assert second == "copy/copy.txt is only on local"


@pytest.fixture
def two(tmp_path):
    for name in ("ours", "theirs"):
        (tmp_path / name).mkdir()
    return tmp_path / "ours", tmp_path / "theirs"


@pytest.mark.parametrize(
    ("ours", "theirs", "told"),
    [
        ({"a": 1, "fit_seconds": 1}, {"a": 1, "fit_seconds": 2}, []),
        ({"a": [{"seconds": 1}]}, {"a": [{"seconds": 2}]}, []),
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 3]}}, ["m.json: a.b[1] is 2 on local, 3 there"]),
        ({"a": 1}, {}, ["m.json: a is 1 on local, missing there"]),
        ({"r2": math.nan, "seconds": 1}, {"r2": math.nan, "seconds": 2}, []),
        ({"r2": math.nan}, {"r2": 1.0}, ["m.json: r2 is nan on local, 1.0 there"]),
        ({"a": 1}, {"a": True}, ["m.json: a is 1 on local, True there"]),
        ([1], [1, 2], ["m.json: is [1] on local, [1, 2] there"]),
    ],
)
def test_values_are_compared_without_timings(two, ours, theirs, told):
    for folder, value in zip(two, (ours, theirs), strict=True):
        (folder / "m.json").write_text(json.dumps(value))
    assert list(differences(*two)) == told


def test_zip_files_are_compared_by_their_members(two):
    for folder, date, text in zip(two, ((2026, 1, 1), (2026, 2, 2)), ("x", "x"), strict=True):
        with zipfile.ZipFile(folder / "model.skops", "w") as file:
            file.writestr(zipfile.ZipInfo("weights", (*date, 0, 0, 0)), text)
    assert list(differences(*two)) == []
    with zipfile.ZipFile(two[1] / "model.skops", "w") as file:
        file.writestr("weights", "other")
    assert list(differences(*two)) == ["model.skops (weights in it) differs"]


def test_other_files_are_compared_byte_by_byte(two):
    (two[0] / "a.bin").write_bytes(b"1")
    (two[1] / "a.bin").write_bytes(b"2")
    assert list(differences(*two)) == ["a.bin: 1 bytes on local, 1 other bytes there"]
