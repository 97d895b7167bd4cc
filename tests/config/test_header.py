from __future__ import annotations

import os

import pytest

from concrete_cli.config import load
from concrete_cli.config.checks.columns import check_data_columns
from concrete_cli.config.header import check_data
from config_examples import FULL, GOOD

CHECKED = (
    GOOD
    + """
[data.columns.cemnt]
min = 1
[features]
ratio = "watr / cement"
log = "log(water)"
[split]
group_by = ["cement", "watr"]
stratify = { column = "age " }
"""
)


def told(problems):
    return [f"{one.line}:{one.column} {one.message} ({one.help})" for one in problems]


def test_columns_that_the_data_does_not_have(write):
    problems = check_data_columns(load(write(CHECKED)), ["cement", "water", "log", "strength"])
    assert told(problems) == [
        "12:15 the data has no column 'cemnt' (did you mean 'cement'?)",
        "15:10 features.ratio: there is no column 'watr' (did you mean 'water'?)",
        "16:1 the data has a column 'log' already (rename the feature)",
        "18:23 the data has no column 'watr' (did you mean 'water'?)",
        "19:23 the data has no column 'age ' (the columns are: cement, water, log, strength)",
    ]


def test_nothing_is_wrong(write):
    experiment = load(write(FULL))
    columns = ["id", "cement", "water", "age", "kind", "größe 混", "strength"]
    assert check_data_columns(experiment, columns) == []


def test_no_column_is_left(write):
    experiment = load(write(GOOD.replace("target", 'drop = ["a"]\ntarget')))
    (problem,) = check_data_columns(experiment, ["a", "strength"])
    assert "no column is left" in problem.message


@pytest.mark.parametrize(
    "content",
    [
        "a,strength\n1,2\n",
        "\ufeffa,strength\r\n1,2\r\n",
        'a ;"strength"\n1;2\n',
        '"a"\tstrength\n',
        "a|strength",
        '"a\nb",strength\n1,2\n',
        '"a\nb";strength\n1;2\n',
        '"a, b, c";strength\n1;2\n',
        "\n\na,strength\n1,2\n",
    ],
)
def test_the_header_of_a_csv_is_read(write, content):
    write(content, "mixes.csv")
    assert check_data(load(write())) == []
    write(content.replace("strength", "strenght"), "mixes.csv")
    (problem,) = check_data(load(write()))
    assert (problem.line, problem.column, problem.help) == (6, 10, "did you mean 'strenght'?")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "latin-1", "utf-8-sig"])
def test_the_header_in_another_encoding(write, encoding):
    write("größe,strength\n1,2\n".encode(encoding), "mixes.csv")
    text = GOOD.replace('target = "', 'drop = ["grösse"]\ntarget = "')
    (problem,) = check_data(load(write(text)))
    assert problem.help in ("did you mean 'größe'?", "the columns are: größe, strength")


def test_an_empty_file(write):
    write(b"", "mixes.csv")
    (problem,) = check_data(load(write()))
    assert (problem.line, problem.column) == (5, 10)
    assert problem.message == "data.source: mixes.csv is empty"
    assert problem.help == "it needs a header line and rows"


@pytest.mark.parametrize("content", [b"\n", b"PAR1\0\0", b"\xff\xfe", b'"'])
def test_a_file_without_a_header_is_for_the_step_to_refuse(write, content):
    write(content, "mixes.csv")
    assert len(check_data(load(write()))) <= 1


def test_a_column_twice(write):
    write("a,strength,a\n", "mixes.csv")
    (problem,) = check_data(load(write()))
    assert problem.message == "data.source: mixes.csv has the column 'a' twice"
    assert problem.line == 5


def test_a_file_that_is_not_there_names_the_nearest(write):
    write("a,strength\n", "mixes_.csv")
    (problem,) = check_data(load(write()))
    assert problem.message == "data.source: there is no file mixes.csv"
    assert (problem.line, problem.column) == (5, 10)
    assert problem.help == "did you mean 'mixes_.csv'?"


def test_what_cannot_be_looked_into_is_left_alone(write):
    for source in (f"https://x.org/a.csv#sha256={'5e' * 32}", "azureml:mixes:1"):
        assert check_data(load(write(GOOD.replace("mixes.csv", source)))) == []
    write(b"PAR1", "mixes.parquet")
    assert check_data(load(write(GOOD.replace("mixes.csv", "mixes.parquet")))) == []


def test_what_is_there_and_is_no_file(write, folder):
    os.mkfifo(folder / "pipe.csv")
    (folder / "link.csv").symlink_to("nowhere.csv")
    (folder / "loop.csv").symlink_to("loop.csv")

    said = [
        check_data(load(write(), [f"data.source={name}.csv"]))[0].message
        for name in ("pipe", "link", "loop")
    ]

    assert said == [
        "data.source: pipe.csv is neither a file nor a folder",
        "data.source: link.csv is a link to a file that is not there",
        "data.source: loop.csv is a link to a file that is not there",
    ]
