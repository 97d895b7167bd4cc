"""Every file in bad/ is refused with exactly what stands beside it, as a person sees it.

`python tests/config/test_bad.py` writes the expectations anew: read the difference.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from concrete_cli.config import load
from concrete_cli.errors import ExperimentInvalid
from concrete_cli.view.problems import render

BAD = Path(__file__).parent / "bad"
NAMES = sorted(path.stem for path in BAD.glob("*.toml"))


def seen(name):
    try:
        load(f"{name}.toml")
    except ExperimentInvalid as error:
        return "\n\n".join(map(render, error.problems)) + "\n"
    return "nothing is wrong\n"


def test_there_are_bad_files():
    assert len(NAMES) > 30


@pytest.mark.parametrize("name", NAMES)
def test_a_bad_file_is_refused_with_every_problem(name, monkeypatch):
    monkeypatch.chdir(BAD)
    assert seen(name) == (BAD / f"{name}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_every_problem_of_a_file_with_content_has_a_place(name, monkeypatch):
    monkeypatch.chdir(BAD)
    with pytest.raises(ExperimentInvalid) as caught:
        load(f"{name}.toml")
    for problem in caught.value.problems:
        assert problem.file == f"{name}.toml"
        assert problem.line > 0 or "is missing" in problem.message


if __name__ == "__main__":
    os.chdir(BAD)
    for each in NAMES:
        Path(f"{each}.txt").write_text(seen(each), encoding="utf-8")
