from __future__ import annotations

import tomllib

from concrete_cli.config import load
from config_examples import FULL, GOOD


def again(experiment, folder):
    """Load the text of an experiment from a folder that has nothing to do with it."""
    elsewhere = folder / "else" / "where"
    elsewhere.mkdir(parents=True, exist_ok=True)
    path = elsewhere / "experiment.toml"
    path.write_text(experiment.text, encoding="utf-8")
    return load(path)


def test_everything_is_the_same_from_another_folder(write, folder, monkeypatch):
    experiment = load(write(FULL))
    monkeypatch.chdir("/")
    copy = again(experiment, folder)
    assert copy == experiment
    assert copy.scripts == experiment.scripts
    assert copy.folder != experiment.folder
    assert again(copy, folder) == experiment


def test_what_was_extended_and_set_is_in_it(write, folder):
    write(GOOD, "base.toml")
    own = 'extends = "base.toml"\ntrain.candidates.own = { model = "mine:Own" }\n'
    experiment = load(write(own), ["train.folds=3", "train.metric=mae"])
    assert again(experiment, folder) == experiment
    assert "extends" not in tomllib.loads(experiment.text)
    assert experiment.text.startswith(
        "# What concrete read from concrete.toml and base.toml\n"
        "# with --set train.folds=3\n"
        "# with --set train.metric=mae\n"
    )


def test_a_set_of_several_lines_stays_one_comment(write, folder):
    experiment = load(write(), ['data.units={ a = """x\ny\x1f""" }'.replace("\x1f", "")])
    assert experiment.data.units == {"a": "x\ny"}
    assert again(experiment, folder) == experiment


def test_where_it_was_read_makes_no_difference(write):
    assert load(write()) == load(write(GOOD + "# other\n", "other.toml"))
    assert load(write()) != load(write(), ["train.folds=3"])
