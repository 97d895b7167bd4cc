from __future__ import annotations

import unicodedata

import pytest

from concrete_cli.errors import Problem
from concrete_cli.view.problems import render


@pytest.fixture
def shown(write):
    """Render a problem in a file with one line; without the message and the place."""

    def lines(source, column, width=100):
        write(source, "x.toml")
        text = render(Problem("wrong", "x.toml", 1, column), width)
        assert text.startswith("error: wrong\n --> x.toml:1:")
        return text.splitlines()[3:]

    return lines


def test_a_whole_problem(write):
    write("\n" * 11 + 'folds = "five"\n', "x.toml")
    problem = Problem("folds: expected a number", "x.toml", 12, 9, "write 5")
    assert render(problem).splitlines() == [
        "error: folds: expected a number",
        "  --> x.toml:12:9",
        "   |",
        '12 | folds = "five"',
        "   |         ^^^^^^",
        "   = help: write 5",
    ]


def test_without_a_line_there_is_no_excerpt():
    assert render(Problem("wrong", "--set a=1", help="do this")).splitlines() == [
        "error: wrong",
        "--> --set a=1",
        "help: do this",
    ]
    assert render(Problem("wrong")) == "error: wrong"


def test_a_file_that_is_gone_or_shorter_now(write):
    write("a = 1\n", "x.toml")
    for problem in (Problem("wrong", "y.toml", 1, 1), Problem("wrong", "x.toml", 9, 1)):
        assert len(render(problem).splitlines()) == 2


@pytest.mark.parametrize(
    ("source", "column", "marked"),
    [
        ("folds = 5", 1, "folds"),
        ("folds = 5", 9, "5"),
        ('"a b" = 5', 1, '"a b"'),
        ("[train.candidates.x]", 8, "candidates"),
        ("a.b.c = -1.5e3", 9, "-1.5e3"),
        ("a = 'x y'", 5, "'x y'"),
        ('a = "x \\" y" # z', 5, '"x \\" y"'),
        ('a = """x', 5, '"""'),
        ("a = [1, 2]", 5, "["),
        ('f = "a / (b + c)"', 6, "a"),
        ("a = 1979-05-27", 5, "1979-05-27"),
    ],
)
def test_the_caret_marks_the_key_or_the_value(shown, source, column, marked):
    line, caret = shown(source, column)
    start = caret.index("^")
    assert line[start : start + caret.count("^")] == marked


def test_tabs_and_wide_characters_keep_the_caret_below(shown):
    line, caret = shown('\t"größe 混凝" =\t"x"', 15)
    cells = sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in line)
    assert "\t" not in line
    assert len(caret) == cells
    assert caret.endswith(" ^^^")


def test_combining_characters_take_no_room(shown):
    line, caret = shown('"e\u0301" = 5', 8)
    assert line.endswith("= 5")
    assert caret.index("^") == len(line) - 1 - 1


@pytest.mark.parametrize("width", [20, 60, 80, 100])
@pytest.mark.parametrize("column", [1, 2000, 4008])
def test_a_long_line_is_cut_around_the_caret(shown, width, column):
    source = f"key = [{'1, ' * 1333} 1234567, {'2, ' * 1000}]"
    line, caret = shown(source, column, width)
    assert len(line) <= max(width, 40)
    assert len(caret) <= max(width, 40)
    start = caret.index("^")
    assert source[column - 1 :].startswith(line[start : start + caret.count("^")])


def test_a_value_longer_than_the_line(shown):
    line, caret = shown(f'key = "{"x" * 5000}"', 7, 80)
    assert len(line) <= 80
    assert len(caret) <= 80


def test_nothing_reaches_the_terminal_as_a_command(write):
    write("a = '\x1b[31m\x07'\r\n", "x\x1b.toml")
    text = render(Problem("a\x1b[2J\nb", "x\x1b.toml", 1, 5, "c\rd"))
    assert not {"\x1b", "\x07", "\r"} & set(text)
    assert len(text.splitlines()) == 6


def test_a_long_help_is_wrapped_below_itself(write):
    write("a = 1\n", "x.toml")
    problem = Problem("wrong", "x.toml", 1, 5, "there are: " + ", ".join(["some_name"] * 30))
    lines = render(problem, 60).splitlines()[5:]
    assert len(lines) > 4
    assert all(len(line) <= 60 for line in lines)
    assert {line[:10].strip() for line in lines[1:]} == {""}


def test_a_style_may_colour(write):
    write("a = 1\n", "x.toml")
    styled = render(
        Problem("wrong", "x.toml", 1, 5, "help"), style=lambda text, part: f"<{part}>{text}</>"
    )
    assert styled.splitlines() == [
        "<error>error:</> wrong",
        " <gutter>--></> <place>x.toml:1:5</>",
        "<gutter>  |</>",
        "<gutter>1 |</> a = 1",
        "<gutter>  |</>     <caret>^</>",
        "<gutter>  = </><help>help:</> help",
    ]
