"""Drawings for the page: plain SVG whose colours and font come from the page's own style."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape

from markupsafe import Markup

STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


class Svg:
    """Collects shapes; `done()` is the drawing. Pixels grow to the right and downwards."""

    def __init__(self, width: float, height: float, title: str, kind: str = "chart") -> None:
        self.width, self.height, self.title, self.kind = width, height, title, kind
        self.parts: list[str] = []

    def path(self, points: str, kind: str) -> None:
        """Draw a path of SVG's path language."""
        self.parts.append(f'<path class="{kind}" d="{points}"/>')

    def line(self, x1: float, y1: float, x2: float, y2: float, kind: str = "axis") -> None:
        """Draw a straight line."""
        self.path(f"M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}", kind)

    def dot(self, x: float, y: float, kind: str = "dot", radius: float = 3, note: str = "") -> None:
        """Draw a disc; `note` is shown when the pointer rests on it."""
        title = f"<title>{escape(note)}</title>" if note else ""
        tag = f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}"'
        self.parts.append(f"{tag}>{title}</circle>" if title else f"{tag}/>")

    def box(
        self, x: float, y: float, width: float, height: float, kind: str, round_: float = 1.5
    ) -> None:
        """Draw a rectangle."""
        self.parts.append(
            f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}"'
            f' height="{max(height, 0):.1f}" rx="{round_:g}"/>'
        )

    def text(
        self, x: float, y: float, words: str, kind: str = "", anchor: str = "start", turn: int = 0
    ) -> None:
        """Write words that begin, are centred or end (`anchor`) at a point."""
        turned = f' transform="rotate({turn} {x:.1f} {y:.1f})"' if turn else ""
        self.parts.append(
            f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{turned}>'
            f"{escape(words)}</text>"
        )

    def done(self) -> Markup:
        """Return the drawing, safe to put into a page."""
        head = (
            f'<svg class="{self.kind}" role="img" viewBox="0 0 {self.width:g} {self.height:g}"'
            f' width="{self.width:g}" height="{self.height:g}">'
        )
        inside = "".join(self.parts)
        return Markup(f"{head}<title>{escape(self.title)}</title>{inside}</svg>")  # noqa: S704


class Axis:
    """Maps values onto pixels, between round marks that hold `low` and `high`."""

    def __init__(
        self,
        low: float,
        high: float,
        start: float,
        end: float,
        *,
        wanted: int = 5,
        whole: bool = False,
    ) -> None:
        if not high > low:
            spread = abs(low) / 2 or 0.5
            low, high = low - spread, high + spread
        rough = (high - low) / wanted
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(one * power for one in STEPS if one * power >= rough * (1 - 1e-9))
        step = max(1.0, round(step)) if whole else step
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        self.marks: Sequence[float] = [number * step for number in range(first, last + 1)]
        self.low, self.high = self.marks[0], self.marks[-1]
        self.start, self.end = start, end

    def names(self) -> Iterator[tuple[float, str]]:
        """Yield each mark and its number; all have the same decimals, but for zero."""
        texts = [number(mark) for mark in self.marks]
        places = max(len(text.partition(".")[2]) for text in texts)
        for mark, text in zip(self.marks, texts, strict=True):
            plain = "e" in "".join(texts) or not mark
            yield mark, text if plain else _minus(f"{mark:.{places}f}")

    def at(self, value: float) -> float:
        """Return the pixel of a value; what lies outside lies on the edge."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)


def frame(drawing: Svg, across: Axis, up: Axis, x_label: str, y_label: str) -> None:
    """Draw grid, marks and names of two axes."""
    for mark, name in up.names():
        drawing.line(across.start, up.at(mark), across.end, up.at(mark), "grid")
        drawing.text(across.start - 8, up.at(mark) + 4, name, "mark", "end")
    for mark, name in across.names():
        drawing.text(across.at(mark), up.start + 18, name, "mark", "middle")
    drawing.line(across.start, up.start, across.end, up.start)
    drawing.text((across.start + across.end) / 2, up.start + 38, x_label, "name", "middle")
    drawing.text(across.start, up.end - 12, y_label, "name")


def number(value: float) -> str:
    """Return a number of an axis as a person writes it."""
    text = f"{value:.3g}" if abs(value) >= 1e6 or 0 < abs(value) < 1e-4 else f"{value:.10g}"
    return _minus(text)


def _minus(text: str) -> str:
    return text.replace("-", "\N{MINUS SIGN}") if text.startswith("-") else text


def smooth(points: Sequence[tuple[float, float]], *, level: bool) -> str:
    """Return a path through the points that leaves and meets each one straight."""
    return "".join(_pieces(points, level=level))


def _pieces(points: Sequence[tuple[float, float]], *, level: bool) -> Iterator[str]:
    x, y = points[0]
    yield f"M{x:.1f} {y:.1f}"
    for to_x, to_y in points[1:]:
        if level:
            middle = (x + to_x) / 2
            yield f"C{middle:.1f} {y:.1f} {middle:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}"
        else:
            middle = (y + to_y) / 2
            yield f"C{x:.1f} {middle:.1f} {to_x:.1f} {middle:.1f} {to_x:.1f} {to_y:.1f}"
        x, y = to_x, to_y
