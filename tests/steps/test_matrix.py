import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from _pipeline import Matrix, label

ROWS = pd.DataFrame(
    {"a": [1.0, 2.0, None], "b": [True, False, True], "c": ["x", "y", "x"], "d": [0.0, 2.0, 4.0]}
)


def test_numbers_then_features_then_one_column_per_level():
    matrix = Matrix(["a", "b", "d"], ["c"], {"r": "a / d"}, "one_hot").fit(ROWS)
    assert matrix.transform(ROWS) == pytest.approx(
        np.array(
            [
                [1, 1, 0, np.nan, 1, 0],
                [2, 0, 2, 1, 0, 1],
                [np.nan, 1, 4, np.nan, 1, 0],
            ]
        ),
        nan_ok=True,
    )
    assert matrix.get_feature_names_out().tolist() == ["a", "b", "d", "r", "c=x", "c=y"]


def test_codes_go_by_frequency_and_what_is_unknown_is_missing():
    matrix = Matrix([], ["c"], {}, "codes").fit(ROWS)
    found = matrix.transform({"c": ["y", "x", "z", None]})[:, 0]
    assert found == pytest.approx([1, 0, np.nan, np.nan], nan_ok=True)


def test_levels_come_from_the_rows_it_was_fitted_on():
    matrix = Matrix([], ["c"], {}, "one_hot")
    assert clone(matrix).fit(ROWS.iloc[:1]).transform(ROWS).shape == (3, 1)
    assert not hasattr(clone(matrix.fit(ROWS)), "levels_")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("3", "3"),
        (3, "3"),
        (3.0, "3"),
        (np.float64(3), "3"),
        (np.int8(3), "3"),
        (2.5, "2.5"),
        (True, "True"),
        (None, None),
        (float("nan"), None),
        (pd.NA, None),
        (pd.NaT, None),
        (np.nan, None),
    ],
)
def test_one_level_in_many_types(value, text):
    assert label(value) == text
