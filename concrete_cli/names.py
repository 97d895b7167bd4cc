"""Names of runs: the date and a word that can be said over a desk."""

from __future__ import annotations

import random
from collections.abc import Container, Sequence
from datetime import datetime

SAID = """
acorn agate alder amber anchor anvil apple arch aspen atlas badger bamboo barley basalt beacon
beech birch bison bramble brass brick bridge bronze brook canyon cedar chalk cherry cinder citrus
clay cliff clover cobalt comet copper coral cotton crane creek crystal cypress dahlia delta dune
eagle ebony elder ember falcon fern fig finch flint fossil fox garnet ginger glacier granite grove
harbor hawk hazel heron hickory holly indigo iris iron island ivory ivy jade jasper juniper kelp
kite lagoon lake larch lava lemon lichen lily lime linden lotus lynx maple marble marsh meadow
mesa mint moss nectar oak oasis olive onyx opal orchid osprey otter owl palm papaya pearl pebble
pepper pine plum pollen poplar prairie quarry quartz quill raven reed reef ridge river robin rowan
ruby saffron sage salmon sand sequoia shale shore silk silver slate sparrow spruce stone summit
swan sycamore teal thistle tidal timber topaz tulip tundra umber valley velvet violet walnut
willow wren yarrow zephyr zinc
"""
WORDS = tuple(SAID.split())


def new(now: datetime, taken: Container[str]) -> str:
    """Return a free name such as `2026-11-24-amber`; numbers follow when the words run out."""
    day = now.strftime("%Y-%m-%d")
    draw = random.Random()  # noqa: S311  a name, not a secret; apart from the caller's seed
    words = draw.sample(WORDS, len(WORDS))
    free = (f"{day}-{word}" for word in words if f"{day}-{word}" not in taken)
    first = next(free, None)
    number = 2
    while first is None or first in taken:
        first = f"{day}-{words[0]}-{number}"
        number += 1
    return first


def matches(wanted: str, names: Sequence[str]) -> list[str]:
    """Return the names that `wanted` may stand for: itself, else by beginning, else by word."""
    if wanted in names:
        return [wanted]
    begin = [name for name in names if name.startswith(wanted)]
    return begin or [name for name in names if word_of(name).startswith(wanted)]


def word_of(name: str) -> str:
    """Return the word of a name, without its date."""
    return name[len("2026-11-24-") :]
