"""Builds one SVG drawing: the same bytes for the same data, readable on light and on dark.

Written by hand, not with matplotlib: importing that takes longer than the whole step, its bytes
change with its version and fonts, and its colours do not follow the reader's theme.
"""

from __future__ import annotations

from html import escape

from _axis import Axis, written

STYLE = """
.chart{font:13px system-ui,sans-serif;color:#1f2328;--mark:#0969da;--best:#1a7f37;--faint:#8c959f}
.chart text{fill:currentColor}
.chart .line{stroke:currentColor;fill:none}.chart .grid{stroke:currentColor;opacity:.15}
.chart .dot{fill:var(--mark);fill-opacity:.45}.chart .bar{fill:var(--mark);fill-opacity:.7}
.chart .best{fill:var(--best)}.chart .band{stroke:var(--mark);opacity:.18}
.chart .quiet{opacity:.65}.chart .title{font-weight:600;font-size:15px}
@media (prefers-color-scheme:dark){.chart{color:#e6edf3;--mark:#58a6ff;--best:#3fb950}}
@media print{.chart{color:#000}}
"""


class Drawing:
    """Collects shapes; `text()` is the SVG. Pixels grow to the right and downwards."""

    def __init__(self, width: int, height: int, title: str, about: str) -> None:
        self.width, self.height, self.title, self.about = width, height, title, about
        self.parts: list[str] = []

    def line(self, x1: float, y1: float, x2: float, y2: float, kind: str = "line") -> None:
        """Draw a straight line."""
        self.parts.append(f'<path class="{kind}" d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}"/>')

    def dot(self, x: float, y: float, note: str = "") -> None:
        """Draw a small disc; `note` is shown when the pointer rests on it."""
        title = f"<title>{escape(note)}</title>" if note else ""
        self.parts.append(f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="3">{title}</circle>')

    def bar(self, x: float, y: float, width: float, height: float, kind: str = "bar") -> None:
        """Draw a filled rectangle."""
        self.parts.append(
            f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}"'
            f' height="{height:.1f}" rx="2"/>'
        )

    def write(
        self, x: float, y: float, text: str, *, anchor: str = "start", kind: str = "", turn: int = 0
    ) -> None:
        """Write text that begins, is centred or ends (`anchor`) at a point."""
        turned = f' transform="rotate({turn} {x:.1f} {y:.1f})"' if turn else ""
        self.parts.append(
            f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{turned}>'
            f"{escape(text)}</text>"
        )

    def frame(self, across: Axis, up: Axis, x_label: str, y_label: str) -> None:
        """Draw marks, grid and labels of two axes."""
        for mark in across.marks:
            x = across.at(mark)
            self.line(x, up.start, x, up.end, "grid")
            self.write(x, up.start + 18, written(mark), anchor="middle", kind="quiet")
        for mark in up.marks:
            y = up.at(mark)
            self.line(across.start, y, across.end, y, "grid")
            self.write(across.start - 8, y + 4, written(mark), anchor="end", kind="quiet")
        self.write((across.start + across.end) / 2, up.start + 40, x_label, anchor="middle")
        middle = (up.start + up.end) / 2
        self.write(across.start - 48, middle, y_label, anchor="middle", turn=-90)

    def text(self) -> str:
        """Return the drawing as one SVG file."""
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img"'
            f' viewBox="0 0 {self.width} {self.height}" width="{self.width}"'
            f' height="{self.height}" style="max-width:100%;height:auto">'
        )
        words = f"<title>{escape(self.title)}</title><desc>{escape(self.about)}</desc>"
        style = f"<style>{STYLE}</style>"
        return "\n".join([head, words, style, *self.parts, "</svg>", ""])
