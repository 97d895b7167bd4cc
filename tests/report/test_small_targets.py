"""A target may be as small as its unit makes it: its report shows more than zeros."""

import pandas as pd
import pytest

from concrete_cli.report import words
from stepping import read, step


@pytest.mark.parametrize(
    ("value", "shown"), [(5.3591, "5.359"), (1.397e-4, "1.397e\N{MINUS SIGN}04"), (1e-16, "0.000")]
)
def test_scores(value, shown):
    assert words.fixed(value, words.places(value)) == shown


def test_a_difference_of_small_scores():
    shown = words.fixed(2.5e-10, words.places(1.397e-7), sign=True)

    assert shown == "+2.500e\N{MINUS SIGN}10"


def test_dots(tmp_path):
    actual = [1.25e-7, 3.5e-7, -2e-7]
    table = pd.DataFrame(dict.fromkeys(("actual", "predicted", "lower", "upper"), actual))
    for folder in ("report", "points"):
        (tmp_path / folder).mkdir()
    table.to_parquet(tmp_path / "report" / "predictions.parquet")

    step("points", report=tmp_path / "report", points=tmp_path / "points")

    assert [dot[0] for dot in read(tmp_path / "points" / "points.json")["dots"]] == actual
