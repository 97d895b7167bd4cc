"""Help pages, and what all commands have in common."""

import re

import pytest

import command_table
from concrete_cli import errors
from concrete_cli.cli import app, command, pages, streams

PATHS = [["concrete"], *(name.split() for name, _ in command_table.leaves())]
PATHS += [["concrete", group] for group in ("models", "endpoints", "schedules", "warm")]
ENV = re.compile(r"env var: (CONCRETE_[A-Z_]+)")


@pytest.fixture
def page(monkeypatch, capsys):
    """Return the help page of a command in a terminal of so many columns."""

    def shown(path, columns=80):
        monkeypatch.setenv("COLUMNS", str(columns))
        assert app.run([*path[1:], "--help"]) == 0
        return capsys.readouterr().out

    return shown


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_a_page_has_a_short_line_and_an_example_and_breaks_no_word(page, path):
    wide, text, narrow = (page(path, columns) for columns in (200, 80, 40))

    assert wide.split() == text.split() == narrow.split()
    summary = text.splitlines()[2].strip()
    assert summary.endswith(".")
    assert len(summary) <= pages.LONGEST
    assert not re.search(r"^  \S+ .*[^]]\.\.\.$", text, re.MULTILINE), "nothing is cut off"
    _, example, tail = text.partition("\nExample:\n  ")
    line = example and tail.splitlines()[0]
    assert line.startswith(" ".join(path))
    for columns, shown in ((80, text), (40, narrow)):
        long = [one for one in shown.splitlines() if len(one) >= columns and " " in one.strip()]
        assert [one.strip() for one in long] in ([], [line])


def test_every_command_has_one_place_in_the_list(page):
    named = [name for names in app.SECTIONS.values() for name in names]
    added = {name for names in app.COMMANDS.values() for name in names}
    assert sorted(named) == sorted(added)
    listed = re.findall(r"^  ([a-z]+)  +(\w.*)$", page(["concrete"]), re.MULTILINE)
    assert [name for name, _ in listed[: len(named)]] == named


def test_every_option_has_a_variable_that_help_names(page):
    for path, leaf in command_table.leaves():
        options = [one for one in leaf.params if one.param_type_name == "option"]
        wanted = {command.variable(max(one.opts, key=len)) for one in options}
        assert set(ENV.findall(" ".join(page(path.split()).split()))) == wanted, path
        assert {"--quiet", "--debug"} <= {name for one in options for name in one.opts}


def test_a_variable_is_as_good_as_its_option(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONCRETE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CONCRETE_JSON", "1")
    assert app.run(["runs"]) == 0
    assert '"runs": []' in capsys.readouterr().out
    assert app.run(["show", "nothing"]) == 5
    told = capsys.readouterr()
    assert '"kind": "NotFound"' in told.out
    assert told.err == ""


def test_every_exit_code_of_help_is_that_of_an_error():
    kinds = [errors.ConcreteError, *errors.ConcreteError.__subclasses__()]
    assert {0, command.WORK_TO_DO, *(kind.exit_code for kind in kinds)} == {*pages.CODES}


@pytest.mark.parametrize(
    "words",
    [
        ["train", "--backend", "local", "--backend", "local"],
        ["init", "new", "--target", "a", "--target", "b"],
        ["report", "-o", "a.html", "--output", "b.html"],
        ["models", "list", "--home", "a", "--home=b"],
        ["endpoints", "--experiment", "a", "--experiment", "b"],
        ["invoke", "one", "-", "--intervals", "--no-intervals"],
    ],
    ids=" ".join,
)
def test_an_option_of_one_value_is_given_once(capsys, words):
    assert app.run(words) == 2
    assert "is given twice; it has one value" in capsys.readouterr().err


def test_an_option_before_the_command_of_a_group_is_not_lost(capsys):
    assert app.run(["models", "--home", "a", "list"]) == 2
    told = capsys.readouterr().err
    assert "error: --home goes behind the command: concrete models list" in told


def test_silence_is_for_what_ends_well(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    home = ["--home", str(tmp_path / "home")]
    for words in (["runs"], ["models", "list"], ["models", "verify"], ["doctor"], ["schema"]):
        assert app.run([*words, "-q", *home]) == 0
        assert capsys.readouterr() == ("", "")
    assert app.run(["models", "show", "none", "-q", *home]) == 5
    assert "error: " in capsys.readouterr().err
    assert app.run(["runs", "-q", "--json", *home]) == 0
    assert '"runs": []' in capsys.readouterr().out


@pytest.mark.parametrize("asked", ["-q", "--debug"])
def test_what_a_command_hides_or_shows_of_the_log_ends_with_it(capsys, tmp_path, asked):
    home = ["--home", str(tmp_path / "home")]
    assert app.run(["runs", asked, *home]) == 0
    assert app.run(["runs", *home]) == 0
    capsys.readouterr()
    streams.LOG.debug("a detail")
    streams.LOG.warning("a warning")
    assert capsys.readouterr().err == "warning: a warning\n"


def test_debug_shows_the_traceback_of_an_error(capsys, tmp_path):
    assert app.run(["show", "none", "--debug", "--home", str(tmp_path / "home")]) == 5
    told = capsys.readouterr().err
    assert "\nTraceback (most recent call last):\n" in told
    assert "\nerror: no run called 'none'\n" in told
