"""What a model folder must not be."""

import json
import os
import pickle
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import Lasso
from sklearn.pipeline import Pipeline

import _bundle
from _bundle import load_bundle, load_model, save_model
from _canonical import objects
from _families import types
from _import_skops import skops
from _manifest import write_manifest
from _step import Refused
from stepping import read

CANARY = []


class Canary:
    def __reduce__(self):
        return CANARY.append, (1,)


@pytest.fixture
def bundle(chosen, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(chosen / "model", folder)
    return folder


def test_a_good_one_is_loaded(chosen, bundle):
    pipeline, manifest = load_bundle(bundle)
    board = json.loads((chosen / "leaderboard" / "leaderboard.json").read_text())
    assert manifest["candidate"] == board["selected"]
    assert hasattr(pipeline, "predict")


def test_a_flipped_byte(bundle):
    path = bundle / "model.skops"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(Refused, match=r"model\.skops is not the file that was saved"):
        load_bundle(bundle)


def test_a_file_that_is_gone(bundle):
    (bundle / "oof.parquet").unlink()
    with pytest.raises(Refused, match=r"oof\.parquet is not the file that was saved"):
        load_bundle(bundle)


def test_a_manifest_that_leaves_the_model_out(bundle):
    manifest = read(bundle / "manifest.json")
    del manifest["files"]["model.skops"]
    write_manifest(bundle, manifest)
    with pytest.raises(Refused, match=r"model\.skops is not the file"):
        load_bundle(bundle)


def test_a_manifest_that_names_files_elsewhere(bundle):
    manifest = read(bundle / "manifest.json")
    manifest["files"]["../secret"] = "0" * 64
    write_manifest(bundle, manifest)
    with pytest.raises(Refused, match=r"names '\.\./secret', which is not a file beside it"):
        load_bundle(bundle)


@pytest.mark.parametrize("content", ["", "{}", '{"format": 9}', "[]"])
def test_a_manifest_that_is_none(bundle, content):
    (bundle / "manifest.json").write_text(content)
    with pytest.raises(Refused):
        load_bundle(bundle)


@pytest.mark.parametrize(
    ("before", "after"), [('"coverage": 0.9', '"coverage": 0.8'), ('"format": 2', '"format": 3')]
)
def test_a_digit_of_the_manifest_has_changed(bundle, before, after):
    text = (bundle / "manifest.json").read_text()
    assert before in text
    (bundle / "manifest.json").write_text(text.replace(before, after))
    with pytest.raises(Refused, match=r"sha256 differs|not a manifest of format 2"):
        load_bundle(bundle)


def test_a_manifest_of_the_first_format_had_no_sum(bundle):
    manifest = read(bundle / "manifest.json")
    del manifest["sha256"]
    (bundle / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(Refused, match="sha256 differs"):
        load_bundle(bundle)
    (bundle / "manifest.json").write_text(json.dumps(manifest | {"format": 1}))
    assert load_bundle(bundle)[1]["format"] == 1


def test_a_family_that_does_not_exist(bundle):
    manifest = read(bundle / "manifest.json")
    write_manifest(bundle, {**manifest, "model": "nothing"})
    with pytest.raises(Refused, match="no model family 'nothing'"):
        load_bundle(bundle)


def test_a_pickle_in_disguise_is_not_run(tmp_path):
    path = tmp_path / "model.skops"
    path.write_bytes(pickle.dumps(Canary()))
    with pytest.raises(Refused, match="is not a skops file"):
        load_model(path, types("ridge"))
    assert CANARY == []


def test_a_type_that_the_family_does_not_have(tmp_path):
    pipeline = Pipeline([("model", Lasso())])
    with pytest.raises(Refused, match=r"holds sklearn\.linear_model\._coordinate_descent\.Lasso"):
        save_model(pipeline, tmp_path / "model.skops", types("ridge"))
    allowed = ["sklearn.linear_model._coordinate_descent.Lasso", *types("ridge")]
    save_model(pipeline, tmp_path / "model.skops", allowed)
    with pytest.raises(Refused, match="Lasso, which this model may not"):
        load_model(tmp_path / "model.skops", types("ridge"))


@pytest.mark.parametrize(
    ("module", "name"), [("os", "system"), ("builtins", "eval"), ("functools", "partial")]
)
def test_functions_are_not_loaded(bundle, module, name):
    path = bundle / "model.skops"
    with zipfile.ZipFile(path) as archive:
        content = {one: archive.read(one) for one in archive.namelist()}
    schema = json.loads(content["schema.json"])
    schema["content"]["content"]["steps"] = {
        "__class__": name,
        "__module__": module,
        "__loader__": "FunctionNode",
        "content": {"module_path": module, "function": name},
    }
    with zipfile.ZipFile(path, "w") as archive:
        for one, data in {**content, "schema.json": json.dumps(schema)}.items():
            archive.writestr(one, data)
    with pytest.raises(Refused, match=f"holds {module}.{name}, which this model may not"):
        load_model(path, types("decision_tree"))


def test_the_whole_of_scikit_learn_is_not_imported_for_it():
    code = (
        "import sys, sklearn.utils as utils; before = utils.all_estimators; import _bundle;"
        "print(utils.all_estimators is before, *sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(Path(_bundle.__file__).parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    same, *loaded = done.stdout.split()
    assert same == "True"
    assert "skops.io" in loaded
    assert not {"pytest", "sklearn.gaussian_process", "sklearn.neural_network"} & set(loaded)


def test_even_an_estimator_is_not_trusted_by_itself(tmp_path):
    skops.io.dump(Lasso(), tmp_path / "lasso.skops")
    assert "sklearn.linear_model._coordinate_descent.Lasso" in skops.io.get_untrusted_types(
        file=tmp_path / "lasso.skops"
    )


def test_what_all_trees_repeat_is_made_once(tmp_path):
    rows = np.random.default_rng(0).normal(size=(40, 3))
    forest = RandomForestRegressor(5, max_depth=3, random_state=0).fit(rows, rows[:, 0])
    allowed = [*types("random_forest"), "numpy.random.mtrand.RandomState"]
    save_model(Pipeline([("model", forest)]), tmp_path / "model.skops", allowed)

    loaded = load_model(tmp_path / "model.skops", allowed)

    assert np.array_equal(loaded.predict(rows), forest.predict(rows))
    with zipfile.ZipFile(tmp_path / "model.skops") as archive:
        schema = json.loads(archive.read("schema.json"))
    depths = [one for one in objects(schema) if one.get("content") == "3"]
    assert len(depths) > 5
    assert len({one["__id__"] for one in depths}) == 1
    first, second = (tree.__dict__ for tree in loaded[-1].estimators_[:2])
    assert first is not second
    assert first["tree_"] is not second["tree_"]
