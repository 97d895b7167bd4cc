"""The plan as a drawing: boxes with the state and the seconds of each step, lines between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from concrete_cli.report.layers import Box, Drawn, grouped, lay_out
from concrete_cli.report.svg import Svg, smooth
from concrete_cli.view import style

LETTER = 6.7  # pixels of a letter, on average
ROW = 21.0
PAD = 11.0
MARGIN = 2.0
SIGN = 18.0
GAP = 8.0  # between a name and the seconds
FIGURES = 52.0  # least room for both of these
SHRINKS = 560.0  # width of a drawing that can still be read when a phone makes it smaller
LONGEST = 28  # letters of a name that are shown
MARKS = {state: sign for state, (sign, _) in style.MARKS.items()}


def draw(steps: Sequence[Mapping[str, Any]], *, level: bool) -> Markup:
    """Return the drawing; `steps` are those of timing.of. It goes to the right, or down."""
    needs = {step["name"]: frozenset(step["needs"]) for step in steps}
    by_name = {step["name"]: step for step in steps}
    took = {name: _took(step) for name, step in by_name.items()}
    sizes = {group: _size(group, took) for group in grouped(needs)}
    drawn = lay_out(needs, sizes, level=level)
    width = drawn.width + 2 * MARGIN
    kind = "dag wide" if level else "dag narrow fits" if width <= SHRINKS else "dag narrow"
    svg = Svg(width, drawn.height + 2 * MARGIN, "the steps of the run", kind)
    for line in drawn.lines:
        _line(svg, line, level=level)
    for box in drawn.boxes:
        if box.steps:
            _box(svg, box, by_name)
    return svg.done()


def _size(group: Sequence[str], took: Mapping[str, str]) -> tuple[float, float]:
    longest = max(len(_short(name)) for name in group)
    figures = max(FIGURES, *(len(took[name]) * LETTER + GAP for name in group))
    return longest * LETTER + SIGN + figures + 2 * PAD, len(group) * ROW + PAD


def _took(step: Mapping[str, Any]) -> str:
    return style.seconds(step["seconds"]) if step["seconds"] else ""


def _line(svg: Svg, line: Sequence[Box], *, level: bool) -> None:
    points = []
    for number, box in enumerate(line):
        middle = (box.x + box.width / 2 + MARGIN, box.y + box.height / 2 + MARGIN)
        ends = [-1, 1] if 0 < number < len(line) - 1 else [1] if number == 0 else [-1]
        for end in ends:
            if level:
                points.append((middle[0] + end * box.width / 2, middle[1]))
            else:
                points.append((middle[0], middle[1] + end * box.height / 2))
    svg.path(smooth(points, level=level), "link")


def _box(svg: Svg, box: Box, steps: Mapping[str, Mapping[str, Any]]) -> None:
    x, y = box.x + MARGIN, box.y + MARGIN
    svg.box(x, y, box.width, box.height, "box", 7)
    for number, name in enumerate(box.steps):
        step = steps[name]
        line = y + PAD / 2 + ROW * number + ROW * 0.7
        svg.text(x + PAD, line, MARKS.get(step["state"], "?"), f"sign {step['state']}")
        svg.text(x + PAD + SIGN, line, _short(name), f"step {step['state']}")
        svg.text(x + box.width - PAD, line, _took(step), "mark", "end")


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}"


__all__ = ["Drawn", "draw"]
