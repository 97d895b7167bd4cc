"""The space of a voting candidate: parameters of its members, and their weights."""

import pytest

from concrete_cli import config
from concrete_cli.errors import ExperimentInvalid

TEXT = """
[experiment]
name = "toys"
[data]
source = "toys.csv"
target = "price"
[train.candidates.boosted]
model = "xgboost"
[train.candidates.voting]
model = "voting"
params = { members = ["boosted", "ridge", { model = "ridge", params = { alpha = 2 } }] }
[finetune.space.voting]
"""


@pytest.fixture
def load(tmp_path):
    def read(lines):
        (tmp_path / "concrete.toml").write_text(TEXT + lines)
        return config.load(tmp_path / "concrete.toml")

    return read


def test_members_are_named_by_their_models_and_twins_by_their_places(load):
    space = load("""
"xgboost.max_depth" = "quniform(2, 6, 1)"
"xgboost.weight" = "uniform(0, 1)"
"ridge_1.alpha" = "uniform(1, 2)"
"ridge_2.weight" = "uniform(0, 1)"
weights = "choice([1, 1, 1], [2, 1, 1])"
""").finetune.space["voting"]

    assert space["xgboost.max_depth"].type == "quniform"
    assert len(space) == 5


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ('"xgboost.max_dept" = "randint(3)"', "xgboost.max_depth"),
        ('"ridge.alpha" = "uniform(1, 2)"', "ridge_1.alpha"),
        ('"lightgbm.num_leaves" = "randint(3)"', "such as"),
        ('weihgts = "choice(1)"', "weights"),
    ],
)
def test_what_no_member_has_is_an_error_with_its_line(load, line, hint):
    with pytest.raises(ExperimentInvalid) as error:
        load(line)
    (problem,) = error.value.problems
    assert "voting has no parameter" in problem.message
    assert hint in problem.help
    assert problem.line == TEXT.count("\n") + 1
