"""Whatever the file holds: it is an experiment, or every problem is told with its place."""

from __future__ import annotations

import tempfile
import tomllib
from pathlib import Path

import pytest
import tomli_w
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from concrete_cli.config import load
from concrete_cli.errors import ExperimentInvalid, NotFound
from concrete_cli.view.problems import render
from config_examples import FULL, GOOD

# The machine that runs the tests may be busy.
QUICK = settings(
    deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
SHORT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8)
TEXT = SHORT.filter(str.strip)
NAME = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
NUMBER = st.integers(-(10**9), 10**9) | st.floats(allow_nan=False, allow_infinity=False, width=32)
SCALAR = st.booleans() | NUMBER | TEXT
TOML = st.recursive(
    SCALAR | st.dates() | st.times() | st.floats() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(SHORT, inner, max_size=3),
    max_leaves=6,
)
COLUMN = st.fixed_dictionaries(
    {}, optional={"missing": st.booleans(), "choices": st.lists(SCALAR, min_size=1, max_size=3)}
)
PARAMS = st.dictionaries(NAME, SCALAR | st.lists(SCALAR, max_size=2), max_size=2)
EXPERIMENT = st.fixed_dictionaries(
    {
        "experiment": st.fixed_dictionaries(
            {"name": st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,20}", fullmatch=True)},
            optional={"seed": st.integers(0, 2**32 - 1)},
        ),
        "data": st.fixed_dictionaries(
            {"source": NAME, "target": st.just("the target")},
            optional={
                "drop": st.lists(TEXT, unique=True, max_size=3),
                "units": st.dictionaries(TEXT, st.text(max_size=3), max_size=3),
                "columns": st.dictionaries(TEXT, COLUMN, max_size=3),
            },
        ),
        "train": st.fixed_dictionaries(
            {
                "candidates": st.dictionaries(
                    NAME,
                    st.fixed_dictionaries({"model": st.just("a.b:C")}, optional={"params": PARAMS}),
                    min_size=1,
                    max_size=3,
                )
            },
            optional={
                "metric": st.sampled_from(["rmse", "mae", "r2"]),
                "folds": st.integers(2, 100),
            },
        ),
    },
    optional={
        "split": st.fixed_dictionaries(
            {}, optional={"test_fraction": st.floats(0.01, 0.99), "group_by": st.just(["x"])}
        ),
        "steps": st.dictionaries(
            st.sampled_from(["*", "train_*", "split"]),
            st.fixed_dictionaries(
                {}, optional={"cpus": st.integers(1, 9), "timeout": st.just("1m")}
            ),
        ),
        "backend": st.fixed_dictionaries(
            {}, optional={"azureml": st.dictionaries(TEXT, SCALAR, max_size=2)}
        ),
    },
)


@pytest.fixture(scope="module")
def place():
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "concrete.toml"


def told(path, sets=()):
    """Load; return nothing, or the problems, each of which must be sound and can be shown."""
    try:
        load(path, sets)
    except ExperimentInvalid as error:
        problems = error.problems
    else:
        return ()
    assert problems
    for problem in problems:
        assert problem.message
        assert render(problem).startswith("error: ")
    return problems


@QUICK
@given(data=EXPERIMENT)
def test_a_valid_experiment_is_the_same_after_writing_it(place, data):
    place.write_text(tomli_w.dumps(data), encoding="utf-8")
    experiment = load(place)
    copy = place.parent / "deep" / "copy.toml"
    copy.parent.mkdir(exist_ok=True)
    copy.write_text(experiment.text, encoding="utf-8")
    assert load(copy) == experiment
    assert load(copy).text.partition("\n\n")[2] == experiment.text.partition("\n\n")[2]


def paths(data, above=()):
    for key, value in data.items():
        yield (*above, key)
        if isinstance(value, dict):
            yield from paths(value, (*above, key))


PATHS = sorted(paths(tomllib.loads(FULL)))


@QUICK
@given(keys=st.sampled_from(PATHS), value=TOML)
def test_any_value_anywhere_is_taken_or_told_with_its_line(place, keys, value):
    data = tomllib.loads(FULL)
    inner = data
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    place.write_text(tomli_w.dumps(data), encoding="utf-8")
    for problem in told(place):
        assert problem.line or "is missing" in problem.message, problem


@QUICK
@given(keys=st.sampled_from(PATHS), name=SHORT, value=TOML)
def test_any_key_anywhere_is_taken_or_told_where_it_stands(place, keys, name, value):
    data = tomllib.loads(FULL)
    inner = data
    for key in keys[:-1]:
        inner = inner[key]
    assume(name not in inner)
    inner[name] = value
    place.write_text(tomli_w.dumps(data), encoding="utf-8")
    lines = place.read_text(encoding="utf-8").split("\n")
    for problem in told(place):
        assert 0 < problem.line <= len(lines)
        assert 0 < problem.column <= len(lines[problem.line - 1]) + 1


@QUICK
@given(at=st.integers(0, len(FULL) - 1), length=st.integers(0, 30), junk=st.text(max_size=5))
def test_any_damage_to_the_text_is_told(place, at, length, junk):
    text = FULL[:at] + junk + FULL[at + length :]
    place.write_bytes(text.encode(errors="surrogatepass"))
    for problem in told(place):
        assert problem.file


@QUICK
@given(content=st.binary(max_size=200))
def test_any_bytes_are_told(place, content):
    place.write_bytes(content)
    assert told(place)


@QUICK
@given(
    keys=st.sampled_from(PATHS).map(lambda keys: ".".join(f"'{key}'" for key in keys)) | st.text(),
    value=TOML.map(lambda value: tomli_w.dumps({"x": value}).removeprefix("x = ")) | st.text(),
)
def test_any_set_is_taken_or_told(place, keys, value):
    place.write_text(FULL, encoding="utf-8")
    argument = f"{keys}={value}"
    for problem in told(place, [argument]):
        assert problem.file.startswith(("--set ", str(place))), problem


@QUICK
@given(extends=TOML)
def test_any_extends_is_told(place, extends):
    place.write_text(tomli_w.dumps({"extends": extends}) + GOOD, encoding="utf-8")
    try:
        assert told(place)
    except NotFound:
        pytest.fail("what is extended is a problem of this file")
