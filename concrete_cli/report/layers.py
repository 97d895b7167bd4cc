"""Where the boxes of a drawn plan stand: in layers, long lines led round the boxes between.

Steps that wait for the same steps and that the same steps wait for share one box (the candidates
of a training, the shards of a search).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

GAP = 14.0  # between boxes of a layer
BETWEEN = 38.0  # between layers
THIN = 10.0  # room for a line that passes a layer
FEWEST = 3  # steps that are worth a box of their own together


@dataclass
class Box:
    """Some steps, or none where a line only passes; its place is that of its upper left corner."""

    steps: tuple[str, ...]
    width: float
    height: float
    layer: int = 0
    x: float = 0
    y: float = 0


@dataclass
class Drawn:
    """Boxes, and lines as the boxes that they touch, in order."""

    boxes: list[Box]
    lines: list[list[Box]] = field(default_factory=list)
    width: float = 0
    height: float = 0


def grouped(needs: Mapping[str, frozenset[str]]) -> list[tuple[str, ...]]:
    """Return the steps, those with the same neighbours together."""
    wanted_by: dict[str, list[str]] = {name: [] for name in needs}
    for name, needed in needs.items():
        for one in needed:
            wanted_by[one].append(name)
    groups: dict[object, list[str]] = {}
    for name in needs:
        groups.setdefault((needs[name], frozenset(wanted_by[name])), []).append(name)
    found: list[tuple[str, ...]] = []
    for names in groups.values():
        found += [tuple(names)] if len(names) >= FEWEST else [(name,) for name in names]
    return found


def lay_out(
    needs: Mapping[str, frozenset[str]],
    sizes: Mapping[tuple[str, ...], tuple[float, float]],
    *,
    level: bool,
) -> Drawn:
    """Return boxes with places; layers go to the right (`level`) or down."""
    boxes = [Box(group, *sizes[group]) for group in sizes]
    of = {step: box for box in boxes for step in box.steps}
    before = {
        id(box): list(
            {id(of[name]): of[name] for step in box.steps for name in needs[step]}.values()
        )
        for box in boxes
    }
    _number(boxes, before)
    drawn = Drawn(list(boxes))
    for box in boxes:
        for origin in before[id(box)]:
            passing = [Box((), THIN, THIN, layer) for layer in range(origin.layer + 1, box.layer)]
            drawn.boxes += passing
            drawn.lines.append([origin, *passing, box])
    layers = _ordered(drawn)
    _place(drawn, layers, level=level)
    return drawn


def _number(boxes: Sequence[Box], before: Mapping[int, Sequence[Box]]) -> None:
    changed = True
    while changed:  # once more than needed where the boxes come in an order in which they can run
        changed = False
        for box in boxes:
            layer = max((one.layer + 1 for one in before[id(box)]), default=0)
            changed |= layer != box.layer
            box.layer = layer


def _ordered(drawn: Drawn) -> list[list[Box]]:
    """Return the layers, their boxes in an order in which few lines cross."""
    count = max((box.layer for box in drawn.boxes), default=0) + 1
    layers: list[list[Box]] = [[] for _ in range(count)]
    for box in drawn.boxes:
        layers[box.layer].append(box)
    ends: dict[bool, dict[int, list[Box]]] = {
        True: {},
        False: {},
    }  # what a line comes from, goes to
    for line in drawn.lines:
        for a, b in pairwise(line):
            ends[True].setdefault(id(b), []).append(a)
            ends[False].setdefault(id(a), []).append(b)
    for forward in (True, False, True):
        place = {id(box): number for layer in layers for number, box in enumerate(layer)}
        for layer in layers if forward else layers[::-1]:
            near = {
                id(box): [place[id(end)] for end in ends[forward].get(id(box), ())] for box in layer
            }
            layer.sort(key=lambda box: _mean(near[id(box)], place[id(box)]))
            place |= {id(box): number for number, box in enumerate(layer)}
    return layers


def _mean(places: Sequence[int], otherwise: int) -> float:
    return sum(places) / len(places) if places else float(otherwise)


def _place(drawn: Drawn, layers: Sequence[Sequence[Box]], *, level: bool) -> None:
    along = 0.0
    extents = [
        sum(_across(box, level) for box in layer) + GAP * (len(layer) - 1) for layer in layers
    ]
    widest = max(extents, default=0.0)
    for layer, extent in zip(layers, extents, strict=True):
        depth = max((_along(box, level) for box in layer), default=0.0)
        across = (widest - extent) / 2
        for box in layer:
            if level:
                box.x, box.y, box.width = along, across, depth
            else:
                lower = (depth - box.height) / 2 if box.steps else 0
                box.x, box.y = across, along + lower
                box.height = box.height if box.steps else depth
            across += _across(box, level) + GAP
        along += depth + BETWEEN
    along = max(0.0, along - BETWEEN)
    drawn.width, drawn.height = (along, widest) if level else (widest, along)


def _along(box: Box, level: bool) -> float:  # noqa: FBT001  one word says which way
    return box.width if level else box.height


def _across(box: Box, level: bool) -> float:  # noqa: FBT001
    return box.height if level else box.width
