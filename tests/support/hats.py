"""Strategies for hypothesis: parameters, plans."""

from __future__ import annotations

from hypothesis import strategies as st

from concrete_cli.plan import Output, Plan, Source, Step

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
TEXTS = st.text(max_size=20)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


@st.composite
def plans(draw, most: int = 8, values=VALUES) -> Plan:
    """Draw a plan whose steps read what steps before them make, given in any order."""
    names = draw(st.lists(NAMES, min_size=1, max_size=most, unique=True))
    steps: list[Step] = []
    for name in names:
        made = [output for step in steps for output in step.outputs]
        item = st.builds(Source, TEXTS)
        item = item | st.sampled_from(made) if made else item
        given = item | st.lists(item, min_size=1, max_size=3).map(tuple)
        own = draw(st.lists(NAMES, max_size=7, unique=True))
        cut, end = sorted(draw(st.tuples(*[st.integers(0, len(own))] * 2)))
        modes = st.sampled_from(["upload", "mount"])
        before = draw(st.lists(st.sampled_from(steps), max_size=2)) if steps else []
        steps.append(
            Step(
                name,
                draw(TEXTS),
                {key: draw(given) for key in own[:cut]},
                tuple(Output(name, key, draw(modes)) for key in own[cut:end]),
                {key: draw(values) for key in own[end:]},
                cpus=draw(st.integers(0, 5)),
                timeout=draw(st.floats(0, 1e6)),
                retries=draw(st.integers(0, 3)),
                reuse=draw(st.booleans()),
                optional=draw(st.booleans()),
                modules=tuple(draw(st.lists(TEXTS, max_size=2))),
                libraries=tuple(draw(st.lists(NAMES, max_size=2))),
                after=tuple(dict.fromkeys(step.name for step in before)),
            )
        )
    made = {output for step in steps for output in step.outputs}
    published = {"model": draw(st.sampled_from(sorted(made, key=str)))} if made else {}
    return Plan(draw(TEXTS), tuple(draw(st.permutations(steps))), published)
