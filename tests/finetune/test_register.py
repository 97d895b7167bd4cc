"""register: gates that are asked, and the bundle that becomes a version of a model."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

import _gates
from _bundle import load_bundle
from _gates import required
from _intervals import interval
from _manifest import digest, write_manifest
from _step import Refused
from stepping import attempt, choose, step
from stepping import read as read_json

GOOD = {"rmse": "<= 1000.0", "coverage": ">= 0.1", "r2": "< 1.0", "width": "> 0.0"}


@pytest.fixture
def register(toys, tmp_path):
    """Register the toy model; return the folder of the outputs."""

    def run(name="registered", source=toys, **given):
        folder = tmp_path / name
        (folder / "gates").mkdir(parents=True)
        step(
            "register",
            **{"name": "toys", "about": {"experiment": "toys", "group_by": ["size"]}, **given},
            candidate=source / "model",
            report=toys / "report",
            train=toys / "train",
            test=toys / "test",
            model=folder / "model",
            gates=folder / "gates",
        )
        return folder

    return run


def test_a_bundle_holds_what_a_version_needs(register, toys):
    folder = register(require=GOOD) / "model"

    names = {path.name for path in folder.iterdir()}
    assert names == {"model.skops", "manifest.json", "metrics.json", "sample.json", "card.md"}
    model, manifest = load_bundle(folder)  # with every sum
    assert set(manifest["files"]) == names - {"manifest.json"}
    sample = read_json(folder / "sample.json")
    rows = pd.DataFrame(sample["request"]["data"])
    assert list(rows.columns) == [one["name"] for one in manifest["signature"]["columns"]]
    predicted = model.predict(rows)
    assert predicted.tolist() == sample["answer"]["predictions"]
    lower, upper = interval(manifest["interval"], predicted)
    assert np.column_stack([lower, upper]).tolist() == sample["answer"]["intervals"]
    metrics = read_json(folder / "metrics.json")
    assert metrics["rmse"] == read_json(toys / "report" / "metrics.json")["rmse"]


def test_the_sample_is_no_row_of_the_data(register, toys):
    data = read_json(register() / "model" / "sample.json")["request"]["data"]

    known = {tuple(row) for row in pd.read_csv(toys / "toys.csv")[list(data[0])].to_numpy()}
    assert len(data) == 3
    assert known.isdisjoint(tuple(row.values()) for row in data)
    sizes = [row["size"] for row in data]
    assert sizes == sorted(sizes)


def test_equal_models_make_equal_bundles(register):
    one, other = (register(name) / "model" for name in "ab")

    for file in one.iterdir():
        assert file.read_bytes() == (other / file.name).read_bytes(), file.name


def test_the_card_says_how_good_and_for_what(register):
    card = (register() / "model" / "card.md").read_text()

    for text in (
        "# toys",
        "Predicts price",
        "| rmse |",
        "## Limits",
        "sha256",
        "size are one group",
    ):
        assert text in card
    assert "red" in card
    assert "lineage.json" in card


def test_names_are_no_markup(register, toys, tmp_path):
    evil = tmp_path / "evil"
    shutil.copytree(toys / "model", evil / "model")
    manifest = read_json(evil / "model" / "manifest.json")
    manifest["signature"]["target_unit"] = "<script>alert(1)</script>|x"
    write_manifest(evil / "model", manifest)

    card = (register(source=evil) / "model" / "card.md").read_text()
    assert "<script>" not in card
    assert "\\|x" in card


def test_a_gate_that_is_not_met_leaves_no_bundle_but_says_which(register, tmp_path):
    with pytest.raises(Refused, match=r"gate not met: rmse .* wanted <= 0\.001") as refusal:
        register(require={"rmse": "<= 0.001", "coverage": ">= 0.1"})

    assert "coverage" not in str(refusal.value)
    assert list((tmp_path / "registered" / "model").iterdir()) == []
    gates = read_json(tmp_path / "registered" / "gates" / "gates.json")["gates"]
    assert [(gate["metric"], gate["met"]) for gate in gates] == [
        ("rmse", False),
        ("coverage", True),
    ]


def test_rules_are_obeyed_to_the_letter():
    metrics = {"rmse": 5.0, "r2": None}

    def met(rule):
        return next(required({"rmse": rule}, metrics))["met"]

    assert [met(rule) for rule in ("<= 5.0", ">= 5.0", "< 5.0", "> 5.0", "< 5.1")] == [
        *(True, True, False, False, True)
    ]
    assert not next(required({"r2": "> 0.0"}, metrics))["met"]


def test_without_a_rival_there_is_nobody_to_beat(register, tmp_path):
    gate = gates_of(register(better_than="production"))
    assert (gate["met"], gate["note"]) == (True, "no version is called production yet")


def gates_of(folder):
    return read_json(folder / "gates" / "gates.json")["gates"][-1]


@pytest.fixture
def tree(toys, tmp_path):
    """Another model of the same data, much worse."""
    (tmp_path / "train").symlink_to(toys / "train")
    attempt(tmp_path, "tree", "decision_tree", params={"max_depth": 1})
    return choose(tmp_path, "tree")


def test_rivals_are_scored_on_the_same_rows(register, toys, tree, tmp_path):
    gate = gates_of(register("one", better_than="production", rival=tree / "model"))
    assert gate["met"]
    assert gate["note"] == "on the same test rows"
    assert gate["rule"].startswith("better than production: < ")

    with pytest.raises(Refused, match="better than production"):
        step(
            "register",
            name="toys",
            better_than="production",
            candidate=tree / "model",
            report=worse(toys, tmp_path),
            train=toys / "train",
            test=toys / "test",
            rival=toys / "model",
            model=tmp_path / "other" / "model",
            gates=made(tmp_path / "gates"),
        )


def worse(toys, tmp_path):
    folder = made(tmp_path / "report")
    metrics = read_json(toys / "report" / "metrics.json")
    (folder / "metrics.json").write_text(json.dumps(metrics | {"rmse": metrics["rmse"] + 1}))
    return folder


def made(folder):
    folder.mkdir(parents=True)
    return folder


def test_the_rival_may_be_the_model_itself(register, toys):
    gate = gates_of(register(better_than="production", rival=toys / "model"))
    assert (gate["met"], gate["note"]) == (True, "it is the production version itself")


def test_a_rival_that_cannot_read_these_rows_is_compared_by_what_was_written(register, toys, tree):
    manifest = read_json(tree / "model" / "manifest.json")
    manifest["signature"]["columns"][0]["name"] = "weight"
    write_manifest(tree / "model", manifest)
    (tree / "model" / "metrics.json").write_text('{"rmse": 0.5}')

    with pytest.raises(Refused, match=r"< 0\.5 \(on its own test rows: it cannot read these"):
        register(better_than="production", rival=tree / "model")


def test_a_rival_that_could_not_be_scored_is_asked_again(register, toys, tree, monkeypatch):
    def too_large(*_):
        raise MemoryError

    monkeypatch.setenv("CONCRETE_STATE", str(tree / "state"))
    (tree / "model" / "metrics.json").write_text('{"rmse": 1e9}')
    monkeypatch.setattr(_gates, "load_bundle", too_large)

    register(better_than="production", rival=tree / "model")

    told = (tree / "state" / "failure").read_text()
    assert told == "the rival could not be scored: MemoryError: "


def test_a_damaged_rival_passes_no_gate(register, tree):
    model = tree / "model" / "model.skops"
    assert digest(model)
    model.write_bytes(b"cos\nsystem\n(S'true'\ntR.")

    with pytest.raises(Refused, match="sha256 differs"):
        register(better_than="production", rival=tree / "model")
