from __future__ import annotations

import pytest

from concrete_cli.config import load
from config_examples import GOOD


def test_a_value_is_replaced_and_what_was_set_is_kept(write):
    experiment = load(write(), ["train.folds=3", "experiment.seed = 7"])
    assert (experiment.train.folds, experiment.experiment.seed) == (3, 7)
    assert experiment.sets == ("train.folds=3", "experiment.seed = 7")


def test_the_last_one_wins(write):
    assert load(write(), ["train.folds=3", "train.folds=4"]).train.folds == 4


@pytest.mark.parametrize("value", ["mae", '"mae"', "'mae'", " mae "])
def test_a_word_needs_no_quotes(write, value):
    assert load(write(), [f"train.metric={value}"]).train.metric == "mae"


def test_lists_tables_and_quoted_keys(write):
    sets = [
        'data.drop=["a", "b"]',
        'steps."train_*"={ cpus = 2 }',
        "data.columns.'a = b'.min=1",
        "features.x = water / cement",
        "train.candidates.forest.params.max_depth=7",
    ]
    experiment = load(write(), sets)
    assert experiment.data.drop == ["a", "b"]
    assert experiment.settings("train_ridge").cpus == 2
    assert experiment.data.columns["a = b"].min == 1
    assert experiment.features == {"x": "water / cement"}
    assert experiment.train.candidates["forest"].params == {"max_depth": 7}


def test_a_table_is_replaced_whole(write):
    experiment = load(write(), ['train.candidates={ knn = { model = "knn" } }'])
    assert list(experiment.train.candidates) == ["knn"]


def test_a_path_is_looked_for_here_and_then_beside_the_file(write, folder):
    path = write(name="deep/concrete.toml")
    assert load(path, ["data.source=a.csv"]).data.source == str(folder / "deep" / "a.csv")
    write("", "a.csv")
    assert load(path, ["data.source=a.csv"]).data.source == str(folder / "a.csv")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("train.metrc=mae", "unknown key 'metrc' in [train] (did you mean 'train.metric'?)"),
        ("trane.folds=3", "unknown table [trane] (did you mean 'train.folds'?)"),
        ("metric=mae", "unknown key 'metric' at the top (did you mean 'train.metric'?)"),
        ("extends=b.toml", "extends cannot be set (write it into the experiment)"),
        (
            "experiment.seed=99999999999",
            "experiment.seed: expected a number below 4294967296, got the number 99999999999",
        ),
        ("features.one=1 + 1", "features.one reads no column: it is constant (take it out)"),
        ("seed=3", "unknown key 'seed' at the top (did you mean 'experiment.seed'?)"),
        (
            "train.candidates.forst.params.max_depth=3",
            (
                "[train.candidates.forst] lacks 'model' "
                "(did you mean 'train.candidates.forest.params.max_depth'?)"
            ),
        ),
        (
            "train.candidates.forest.params.max_dept=3",
            "random_forest has no parameter 'max_dept' (did you mean 'max_depth' or",
        ),
        (
            "train.folds=three",
            'train.folds: expected a whole number, got the text "three" (Cross-validation folds.)',
        ),
        (
            "steps.train.cpus=3",
            "no step is called 'train' (did you mean 'train_ridge'?)",
        ),
        ("train.folds.x=3", "train.folds: expected a whole number, got a table"),
        ("train=3", "train: expected a table, got the number 3"),
    ],
)
def test_what_is_wrong_comes_from_set(write, refused, given, said):
    (problem,) = refused(write(), given)
    assert problem.startswith(f"--set {given} {said}")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("train.folds", "--set has no value (write --set section.key=value"),
        ("train.folds=", "--set has no value"),
        ("=3", "'' is not a TOML key (write --set section.key=value"),
        ("a..b=3", "'a..b' is not a TOML key"),
        ("a b=3", "'a b' is not a TOML key (write --set '\"a b\"=...')"),
        ("steps.train_*.cpus=3", "(write --set 'steps.\"train_*\".cpus=...')"),
        ("a=1\nb=3", "unknown key"),
        ("data.drop=[a,b]", "--set has a value that is not TOML: Invalid value"),
        ("data.drop=['a'", "a closing ] is missing"),
        ('train.metric="mae', 'a closing " is missing'),
    ],
)
def test_syntax(write, refused, given, said):
    assert said in refused(write(), given)[0]


def test_bytes_that_are_not_utf_8(write, refused):
    assert refused(write(), "experiment.name=\udcff") == [
        "--set experiment.name=? --set is not UTF-8 (check the terminal's encoding)"
    ]


def test_problems_of_the_file_and_of_set_are_shown_together(write, refused):
    path = write(GOOD.replace("name =", "nmae ="))
    assert [line.split(" ", 1)[0] for line in refused(path, "train.folds=1", "x")] == [
        "concrete.toml:2:1",
        "--set",
        "--set",
    ]


def test_what_the_file_lacks_is_not_blamed_on_set(write, refused):
    path = write(GOOD.replace("[experiment]\nname", '[experiment]\nseed = 3\n"not a name"'))
    assert "concrete.toml:1:2 [experiment] lacks 'name'" in refused(path, "experiment.seed=4")[0]
