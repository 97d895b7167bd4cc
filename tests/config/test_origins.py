"""Where each effective value of an experiment comes from."""

from concrete_cli.config import load, origins

BASE = """
[experiment]
name = "base"
seed = 3

[data]
source = "https://example.org/rows.csv?sig=${KEY}"
sha256 = "{digest}"
target = "y"

[train]
folds = 4

[train.candidates.tree]
model = "decision_tree"
params = {max_depth = 3}
""".replace("{digest}", "0" * 64)
OWN = """extends = "base.toml"

[experiment]
name = "own"

[finetune]
early_stop = "none"
"""


def found(tmp_path, *sets, by_variable=""):
    (tmp_path / "base.toml").write_text(BASE)
    (tmp_path / "own.toml").write_text(OWN)
    rows = origins.of(load(tmp_path / "own.toml", sets), by_variable)
    assert len({row["key"] for row in rows}) == len(rows)
    return {row["key"]: (row["value"], row["origin"], row["place"]) for row in rows}


def test_each_value_has_its_origin(tmp_path):
    rows = found(tmp_path, "train.metric=mae", "train.candidates.tree.params.max_depth=5")

    assert rows["experiment.name"] == ("own", "file", f"{tmp_path / 'own.toml'}:4:8")
    assert rows["experiment.seed"] == (3, "extends", f"{tmp_path / 'base.toml'}:4:8")
    assert rows["train.folds"][:2] == (4, "extends")
    assert rows["train.metric"] == ("mae", "--set", "--set train.metric=mae")
    assert rows["train.candidates.tree.params.max_depth"][:2] == (5, "--set")
    assert rows["split.test_fraction"] == (0.2, "default", "")
    assert rows["finetune.early_stop"][:2] == ("none", "file")
    assert rows["finetune.trials"][:2] == (50, "default")


def test_a_variable_that_gave_what_set_would_is_the_environment(tmp_path):
    rows = found(tmp_path, "train.folds=7", by_variable="CONCRETE_SET")
    assert rows["train.folds"] == (7, "environment", "CONCRETE_SET")
    assert rows["experiment.name"][1] == "file"


def test_a_table_that_set_replaced_hides_what_was_in_it(tmp_path):
    rows = found(tmp_path, 'train.candidates={ridge={model="ridge"}}')
    assert rows["train.candidates.ridge.model"][:2] == ("ridge", "--set")
    assert not any(key.startswith("train.candidates.tree") for key in rows)
