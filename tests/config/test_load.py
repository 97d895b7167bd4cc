from __future__ import annotations

import os

import pydantic
import pytest

from concrete_cli.config import load
from concrete_cli.errors import ExperimentInvalid, NotFound
from config_examples import FULL, GOOD


def test_what_is_left_out_has_its_default(write):
    experiment = load(write())
    assert experiment.experiment.seed == 0
    assert experiment.split.test_fraction == 0.2
    assert (experiment.train.metric, experiment.train.folds) == ("rmse", 5)
    assert experiment.finetune.sampling == "bayesian"
    assert experiment.register_ is None
    assert experiment.steps == experiment.backend == experiment.features == {}


def test_everything_that_is_written_is_there(write):
    experiment = load(write(FULL))
    assert experiment.data.columns["age"].max == 365
    assert experiment.data.columns["kind"].choices == ["a", 1, True]
    assert experiment.split.stratify.bins == 4
    assert experiment.train.candidates["forest"].params == {"max_depth": 5}
    assert experiment.finetune.budget == 60
    assert experiment.finetune.early_stop.slack_factor == 0.1
    assert experiment.finetune.space["forest"]["max_depth"].document() == {
        "type": "choice",
        "values": [3, 5],
    }
    assert experiment.register_.require["rmse"].met(6.0)
    assert experiment.tracking.mlflow == "file:///tmp/x"
    assert experiment.backend["local"]["keep_warm"] == "10m"


def test_an_experiment_cannot_be_changed(write):
    experiment = load(write())
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        experiment.train.folds = 3


def test_paths_are_relative_to_the_file(write, folder, monkeypatch):
    path = write(name="deep/concrete.toml")
    monkeypatch.chdir("/")
    experiment = load(path)
    assert experiment.data.source == str(folder / "deep" / "mixes.csv")
    assert experiment.folder == folder / "deep"


def test_a_path_through_a_link_means_what_the_system_says(write, folder):
    (folder / "real" / "inner").mkdir(parents=True)
    (folder / "link").symlink_to(folder / "real" / "inner")
    write(GOOD.replace("mixes.csv", "../mixes.csv"), "real/inner/concrete.toml")
    assert load("link/concrete.toml").data.source == str(folder / "real" / "mixes.csv")


SUM = f"#sha256={'5e' * 32}"


@pytest.mark.parametrize(
    "source", [f"https://x.org/a.csv{SUM}", "azureml:mixes:3", f"abfs://c@a/b.csv{SUM}"]
)
def test_a_source_elsewhere_is_left_alone(write, source):
    assert load(write(GOOD.replace("mixes.csv", source))).data.source == source


def test_globs_add_up_and_the_last_one_wins(write):
    tables = '[steps."*"]\ncpus = 1\nretries = 2\n[steps."train_*"]\ncpus = 2\nreuse = false\n'
    settings = load(write(GOOD + tables)).settings("train_ridge")
    assert (settings.cpus, settings.retries, settings.reuse) == (2, 2, False)
    assert settings.timeout is None


def test_a_timeout_is_in_seconds(write):
    experiment = load(write(GOOD + '[steps.split]\ntimeout = "1h30m"\n'))
    assert experiment.settings("split").timeout == 5400
    assert experiment.settings("prepare").timeout is None


def test_own_classes_are_beside_the_file_unless_it_says_otherwise(write, folder):
    own = GOOD + 'mine = { model = "mine:Regressor" }\n'
    assert load(write(own)).scripts == folder
    assert load(write(own + '[pipeline]\nscripts = "code"\n')).scripts == folder / "code"
    member = GOOD + 'both = { model = "voting", params = { members = ["ridge", "mine:X"] } }\n'
    assert load(write(member)).pipeline.scripts == str(folder)
    assert load(write()).pipeline is None


def test_a_bom_and_windows_line_ends_are_fine(write, refused):
    content = b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()
    assert load(write(content)).experiment.name == "strength"
    wrong = content.replace(b'name = "strength"', b"name = 3")
    assert refused(write(wrong)) == [
        "concrete.toml:2:8 experiment.name: expected text, got the number 3 (text needs quotes)"
    ]


def test_a_file_of_ten_megabytes_is_refused_without_reading_it(write, refused):
    assert refused(write(b"# " + b"x" * 10_000_000)) == [
        (
            "concrete.toml the file is too large for an experiment: 10.0 MB"
            " (an experiment has at most 1 MB; rows belong in the file that data.source names)"
        )
    ]


def test_latin_1_is_refused_with_its_place(write, refused):
    assert refused(write('[experiment]\nname = "hä'.encode() + b"\xe9")) == [
        (
            "concrete.toml:2:11 the file is not UTF-8: byte 0xe9 at offset 24 "
            "(save the file as UTF-8; in Latin-1 this byte is 'é')"
        )
    ]


def test_utf_16_is_refused(write, refused):
    assert refused(write(GOOD.encode("utf-16"))) == [
        "concrete.toml the file is UTF-16, expected UTF-8 (save it as UTF-8)"
    ]


def test_nested_too_deeply(write, refused):
    assert "nested too deeply" in refused(write("a = " + "[" * 100_000))[0]


@pytest.mark.parametrize(
    "value", ["9" * 5000, "1e400", "-inf", "nan", "9" * 400, "0x" + "f" * 5000]
)
def test_enormous_numbers(write, refused, value):
    assert refused(write(GOOD + f"[split]\ntest_fraction = {value}\n[train]\nfolds = {value}\n"))


def test_a_folder_is_no_experiment(write, refused, folder):
    assert refused(folder) == [". this is a folder, not an experiment file"]


def test_a_folder_that_holds_one_is_told_apart(folder):
    (folder / "mine").mkdir()
    (folder / "mine" / "concrete.toml").touch()

    with pytest.raises(ExperimentInvalid) as caught:
        load(folder / "mine")

    assert caught.value.problems[0].help == "did you mean mine/concrete.toml?"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(write, refused):
    path = write()
    path.chmod(0)
    assert refused(path) == ["concrete.toml the file cannot be read: Permission denied"]


@pytest.mark.parametrize("name", ["a\0b.toml", "x" * 5000])
def test_a_path_that_cannot_be(write, name):
    with pytest.raises((ExperimentInvalid, NotFound)):
        load(name)


def test_a_file_that_is_not_there_names_the_nearest(write):
    write()
    with pytest.raises(NotFound, match=r"'concret\.toml'") as caught:
        load("concret.toml")
    assert caught.value.help == "did you mean 'concrete.toml'?"
