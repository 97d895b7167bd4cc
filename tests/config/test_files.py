from __future__ import annotations

import pytest

from concrete_cli.config import load
from concrete_cli.errors import ExperimentInvalid
from config_examples import GOOD


def told(path, *sets):
    with pytest.raises(ExperimentInvalid) as caught:
        load(path, sets, files=True)
    return [f"{one.place} {one.message}" for one in caught.value.problems]


def test_problems_of_the_experiment_and_of_its_files_are_shown_together(write):
    write("cement,strenght\n1,2\n", "mixes.csv")
    own = '[split]\ntest_fractoin = 0.1\ngroup_by = ["cemnt"]\n'
    path = write(GOOD + 'mine = { model = "nowhere_to_be_found:X" }\n' + own)
    assert told(path, "data.drop=[3]") == [
        "concrete.toml:6:10 the data has no column 'strength'",
        "concrete.toml:11:18 there is no module 'nowhere_to_be_found': neither in . nor installed",
        "concrete.toml:13:1 unknown key 'test_fractoin' in [split]",
        "concrete.toml:14:13 the data has no column 'cemnt'",
        "--set data.drop=[3] data.drop[0]: expected text, got the number 3",
    ]


def test_the_modules_of_voting_members_are_looked_for_as_well(write):
    write("cement,strength\n1,2\n", "mixes.csv")
    write("", "mine.py")
    members = '["mine:A", "gone:B", { model = "lost:C" }]'
    path = write(GOOD + f'vote = {{ model = "voting", params = {{ members = {members} }} }}\n')
    assert [text.partition(" ")[2] for text in told(path)] == [
        "there is no module 'gone': neither in . nor installed",
        "there is no module 'lost': neither in . nor installed",
    ]


def test_a_sound_experiment_with_its_files(write):
    write("cement,strength\n1,2\n", "mixes.csv")
    write("", "mine.py")
    path = write(GOOD + 'mine = { model = "mine:Regressor" }\n')
    assert load(path, files=True) == load(path)


def test_without_a_look_at_files_they_may_be_gone(write):
    assert load(write(GOOD + 'mine = { model = "gone:Regressor" }\n'))


def test_no_more_than_a_hundred_problems_are_told(write):
    keys = "".join(f"key_{number} = {number}\n" for number in range(20_000))
    problems = told(write(GOOD + "[split]\n" + keys))
    assert len(problems) == 101
    assert "there are more" in problems[-1]


def test_declared_files_are_looked_for(write):
    write("cement,strength\n1,2\n", "mixes.csv")
    write("x = 1\n", "say.py")
    write("select 1\n", "query.sql")
    text = GOOD + 'mine = { model = "say:X", files = "query.sql" }\n'
    text += 'plain = { model = "ridge", files = ["query.sql"] }\n'
    for name, script, files in (
        ("say", "say.py", '["*.sql", "quary.sql"]'),
        ("split", "split.py", '"*.sql"'),
    ):
        text += f'[pipeline.steps.{name}]\nscript = "{script}"\nfiles = {files}\n'
    assert told(write(text)) == [
        "concrete.toml:12:37 files belong to a script or a class of your own, and 'plain' has none",
        "concrete.toml:15:19 no file matches 'quary.sql' in .",
        "concrete.toml:18:9 files belong to a script or a class of your own, and 'split' has none",
    ]
