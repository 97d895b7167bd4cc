from __future__ import annotations

import pytest

from concrete_cli.config import load
from config_examples import GOOD


def test_tables_are_merged_and_values_replaced(write):
    write(GOOD + "[steps.split]\ncpus = 2\n[data.columns.a]\nmin = 1\n", "base.toml")
    own = """
        extends = "base.toml"
        data.drop = ["x"]
        train.folds = 3
        train.candidates.ridge.params.alpha = 2.0
        steps.split.retries = 1
    """
    experiment = load(write(own))
    assert experiment.experiment.name == "strength"
    assert experiment.data.drop == ["x"]
    assert experiment.train.folds == 3
    assert list(experiment.train.candidates) == ["ridge", "forest"]
    assert experiment.train.candidates["ridge"].params == {"alpha": 2.0}
    assert experiment.steps["split"].model_fields_set == {"cpus", "retries"}


def test_what_the_base_has_too_much_is_left_out(write):
    write(GOOD + '[features]\nx = "log(a)"\n"y.z" = "log(b)"\n', "base.toml")
    own = """
        extends = { file = "base.toml", without = ["train.candidates", 'features."y.z"'] }
        train.candidates.knn = { model = "knn" }
    """
    experiment = load(write(own))
    assert list(experiment.train.candidates) == ["knn"]
    assert list(experiment.features) == ["x"]


def test_a_chain_in_which_paths_are_relative_to_the_file_that_has_them(write, folder):
    write(GOOD, "shared/base.toml")
    write('extends = "shared/base.toml"\ntrain.folds = 3\n', "middle.toml")
    experiment = load(write('extends = "../middle.toml"\ntrain.metric = "mae"\n', "deep/own.toml"))
    assert experiment.data.source == str(folder / "shared" / "mixes.csv")
    assert (experiment.train.folds, experiment.train.metric) == (3, "mae")
    assert experiment.file == folder / "deep" / "own.toml"


def test_a_problem_is_where_its_value_was_written(write, refused):
    write(GOOD + '[train]\nfolds = "x"\nmetric = "y"\nfold = 3\n', "base.toml")
    path = write('extends = "base.toml"\n[train]\nmetric = "z"\nmetrics = 1\n')
    assert [line.split(" ", 1)[0] for line in refused(path)] == [
        "concrete.toml:3:10",
        "concrete.toml:4:1",
        "base.toml:12:9",
        "base.toml:14:1",
    ]


def test_syntax_error_in_the_base(write, refused):
    write("[x", "base.toml")
    assert refused(write('extends = "base.toml"\n'))[0].startswith("base.toml:1:3 TOML syntax")


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ('extends = "bse.toml"', "1:11 extends: no experiment file called 'bse.toml'"),
        ("extends = 3", "1:11 extends: expected a file, or {"),
        ('extends = ""', "1:11 extends: expected a file, or {"),
        ("extends = {}", "1:11 extends: expected a file, or {"),
        ('extends = { file = "base.toml", wthout = [] }', "1:33 unknown key 'wthout' in extends"),
        ('extends = { file = "base.toml", without = "train" }', ""),
        ('extends = { file = "base.toml", without = ["a b"] }', "1:44 expected a dotted key"),
        ('extends = { file = "base.toml", without = [3] }', "1:44 expected a dotted key"),
        (
            'extends = { file = "base.toml", without = ["train.candidate"] }',
            "1:44 the base has no train.candidate (did you mean 'train.candidates'",
        ),
        ('extends = "concrete.toml"', "1:11 extends in a circle: concrete.toml -> concrete.toml"),
        ('extends = "."', "this is a folder, not an experiment file"),
        ('extends = "a\\u0000b"', "1:11 extends: expected a file, or {"),
    ],
)
def test_what_can_be_wrong(write, refused, own, said):
    write(GOOD, "base.toml")
    assert said in refused(write(own))[0]


def test_a_circle_of_three(write, refused):
    write('\nextends = "concrete.toml"', "b.toml")
    write('extends = "sub/../b.toml"', "a.toml")
    (write("", "sub/x.toml"))
    assert refused(write('extends = "a.toml"')) == [
        "sub/../b.toml:2:11 extends in a circle: concrete.toml -> a.toml -> b.toml -> concrete.toml"
    ]
