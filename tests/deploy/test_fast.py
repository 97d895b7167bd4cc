"""The quick way for few rows answers as the pipeline does, for every family."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import served
from _bundle import load_bundle
from _fast import compile_, prove
from _pipeline import build, fit
from _request import Signature
from _rows import Rows
from _scoring import Scorer
from _signature import signature

KNOWN = ["bagging", "extra_trees", "gradient_boosting", "hist_gradient_boosting", "lightgbm",
         "linear", "random_forest", "ridge", "voting", "xgboost"]  # fmt: skip
# The sums of BLAS depend on how many rows there are, so that the pipeline differs from itself.
INEXACT = ["linear", "ridge", "voting"]


@pytest.mark.parametrize("family", KNOWN)
def test_equal_to_the_pipeline(family, tmp_path):
    pipeline, manifest = load_bundle(served.model(tmp_path / "model", family))
    fast = compile_(pipeline)

    assert fast
    assert prove(fast, pipeline, manifest["signature"])
    frame = served.rows(40).drop(columns="y")
    columns = {name: frame[name].tolist() for name in frame}
    together = fast(columns)
    expected = pipeline.predict(frame)
    if family in INEXACT:
        np.testing.assert_allclose(together, expected, rtol=1e-12)
    else:
        assert together.tolist() == expected.tolist()
    alone = [
        fast({name: [values[row]] for name, values in columns.items()})[0] for row in range(40)
    ]
    assert together.tolist() == alone  # to the last bit, whatever the rows beside it


def test_a_family_without_a_quick_way_goes_the_long_one(tmp_path):
    scorer = Scorer(served.model(tmp_path / "model", "knn"), "mix:1")
    assert not scorer.quicken()
    row = '{"data": [{"water": 150, "age": 3, "wet": true}]}'
    assert len(scorer.answer(row)["predictions"]) == 1


def test_a_column_of_very_many_levels():
    frame = pd.DataFrame({"who": [f"w{n}" for n in range(1500)] + ["z"] * 3})
    column = {"name": "who", "kind": "category", "role": "feature", "dtype": "str", "unit": ""}
    target = {"name": "y", "kind": "number", "role": "target", "dtype": "float64", "unit": ""}
    facts = {"target": "y", "features": {}, "columns": [column, target]}
    found = signature(frame, facts)
    assert len(found["columns"][0]["choices"]) == 1000
    assert "z" in found["columns"][0]["choices"]  # the most frequent ones are listed

    pipeline = fit(build(found, "linear", {}, 0, 1), frame, np.arange(1503.0))
    assert prove(compile_(pipeline), pipeline, found)
    _, warnings = Signature(found).read({"data": [{"who": "w1499"}]})
    _, told = Rows(found).read(pa.record_batch({"who": ["w1499"]}))
    assert (warnings, list(told)) == ([], [None])


def test_a_quick_way_that_differs_is_not_taken(tmp_path):
    pipeline, manifest = load_bundle(served.model(tmp_path / "model", "linear"))
    fast = compile_(pipeline)
    assert not prove(lambda columns: fast(columns) * (1 + 1e-9), pipeline, manifest["signature"])
    assert not prove(lambda _: 1 / 0, pipeline, manifest["signature"])


def test_what_overflows_on_its_way_is_refused(tmp_path):
    scorer = Scorer(served.model(tmp_path / "model", "random_forest"), "mix:1")
    scorer.pipeline.steps[0][1].features["dry"] = "water ** 30"
    with pytest.raises(ValueError, match="cannot compute"):
        scorer.answer('{"data": [{"water": 1e9, "age": 3, "wet": true}]}')
