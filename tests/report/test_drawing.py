"""What the drawings of a report are made of: numbers, layers, axes."""

import re

import pytest

from concrete_cli.report import charts, dag, layers, words
from concrete_cli.report.svg import Axis


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (4.858123, "4.858"),
        (0.0512345, "0.05123"),
        (0, "0"),
        (1e-15, "0"),
        (-1.5, "\N{MINUS SIGN}1.500"),
        (123456, "123\N{THIN SPACE}456"),
        (12345678.9, "1.235e+07"),
        (None, "\N{EN DASH}"),
    ],
)
def test_numbers(value, text):
    assert words.num(value) == text


def test_axis_holds_its_ends_and_has_round_marks():
    axis = Axis(2.33, 82.6, 0, 100)

    assert (axis.low, axis.high) == (0, 100)
    assert axis.marks == [0, 20, 40, 60, 80, 100]
    assert axis.at(50) == 50
    assert Axis(3, 3, 0, 1).low < 3 < Axis(3, 3, 0, 1).high
    assert all(mark == int(mark) for mark in Axis(0, 3, 0, 1, whole=True).marks)


NEEDS = {
    "prepare": frozenset(),
    "split": frozenset({"prepare"}),
    **{f"train_{name}": frozenset({"split"}) for name in "abcd"},
    "select": frozenset({"split", *(f"train_{name}" for name in "abcd")}),
    "evaluate": frozenset({"split", "select"}),
}


@pytest.mark.parametrize("level", [True, False])
def test_boxes_do_not_overlap_and_lines_go_round_them(level):
    groups = layers.grouped(NEEDS)
    assert ("train_a", "train_b", "train_c", "train_d") in groups

    drawn = layers.lay_out(NEEDS, dict.fromkeys(groups, (100.0, 30.0)), level=level)

    boxes = drawn.boxes
    for one in boxes:
        for other in boxes:
            apart = (
                one is other
                or one.x + one.width <= other.x
                or other.x + other.width <= one.x
                or one.y + one.height <= other.y
                or other.y + other.height <= one.y
            )
            assert apart, (one, other)
    for line in drawn.lines:
        assert [box.layer for box in line] == list(range(line[0].layer, line[-1].layer + 1))


def test_a_plan_with_long_names_and_no_lines():
    steps = [
        {"name": name, "needs": [], "state": "waiting", "seconds": 0} for name in ("x" * 60, "y")
    ]

    assert "\N{HORIZONTAL ELLIPSIS}" in dag.draw(steps, level=True)


def test_a_box_has_room_for_a_step_that_took_long():
    def width(seconds):
        step = {"name": "select", "needs": [], "state": "done", "seconds": seconds}
        drawn = str(dag.draw([step], level=True))
        return float(re.search(r'<rect[^>]* width="([\d.]+)"', drawn)[1])

    assert width(135) > width(1) + 20  # "2 min 15 s" beside "1.0 s"


def test_trials_that_were_given_up_are_told_apart():
    history = [{"number": n, "state": "done", "value": 5 - n / 10} for n in range(5)]
    history += [{"number": 5, "state": "stopped", "value": None}]

    drawn = str(charts.trials({"metric": "rmse", "history": history}, "MPa"))
    wide, narrow = drawn.removesuffix("</svg>").split("</svg>")

    assert 'class="chart wide"' in wide
    assert 'class="chart narrow"' in narrow
    for svg in (wide, narrow):
        assert svg.count('class="dot"') == 5
        assert svg.count('class="given-up"') == 1
        best = re.search(r'class="best" d="([^"]+)"', svg)[1]
        assert best.count("V") == 4


def test_words_for_a_choice_that_is_not_clear():
    cv = {"rmse": 5.0, "se": 0.2}
    found = {
        "selected": {"candidate": "a", "cv": cv},
        "metric": "rmse",
        "unit": "MPa",
        "leaderboard": [
            {"candidate": "a", "status": "done", "cv": cv, "difference": {"mean": 0, "se": 0}},
            {"candidate": "b", "status": "done", "cv": cv, "difference": {"mean": 0.1, "se": 0.2}},
        ],
    }

    assert "no clear difference" in words.why_selected(found)
    found["leaderboard"][1]["difference"] = {"mean": 1.0, "se": 0.2}
    assert "no clear difference" not in words.why_selected(found)
