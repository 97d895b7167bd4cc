"""Search expressions as distributions, default spaces, params merged with what a trial drew."""

import math

import numpy as np
import pytest

from _families import FAMILIES, known_parameters
from _space import grid, size, value, values
from _spaces import SPACES, merged, preset, space
from concrete_cli.config.space import parse

EXPRESSIONS = [
    ("choice(1, 2, 3)", {1, 2, 3}),
    ("randint(4)", {0, 1, 2, 3}),
    ("quniform(0, 10, 5)", {0, 5, 10}),
    ("qloguniform(0, 2, 1)", {1, 2, 3, 4, 5, 6, 7}),
]


@pytest.mark.parametrize(("text", "wanted"), EXPRESSIONS)
def test_discrete_expressions_give_their_values_and_no_others(text, wanted):
    search = parse(text).document()
    found = {value(search, point) for point in np.linspace(0, 1, 1001)}

    assert found == wanted
    assert all(isinstance(one, int) for one in found)


@pytest.mark.parametrize(
    ("text", "quartiles"),
    [
        ("uniform(2, 6)", (3, 4, 5)),
        ("loguniform(0, 2)", (math.exp(0.5), math.e, math.exp(1.5))),
        ("normal(10, 2)", (10 - 2 * 0.6745, 10, 10 + 2 * 0.6745)),
        ("lognormal(0, 1)", (math.exp(-0.6745), 1, math.exp(0.6745))),
        ("qnormal(0, 1, 0.5)", (-0.5, 0, 0.5)),
    ],
)
def test_the_share_of_a_value_is_the_share_of_values_below_it(text, quartiles):
    search = parse(text).document()

    found = [value(search, point) for point in (0.25, 0.5, 0.75)]
    assert found == pytest.approx(quartiles, abs=1e-3)
    for end in (0.0, 1.0):
        assert math.isfinite(value(search, end))


def test_a_grid_has_every_combination_once():
    searches = {
        "a": parse("choice(1, 2)").document(),
        "b": parse("quniform(0, 1, 0.5)").document(),
        "c": parse("uniform(0, 9)").document(),
    }
    points = [tuple(values(searches, point).values()) for point in grid(searches)]

    assert len(points) == len(set(points)) == size(searches) == 18
    assert {point[:2] for point in points} == {(a, b) for a in (1, 2) for b in (0, 0.5, 1)}


@pytest.mark.parametrize("family", [name for name in FAMILIES if name != "voting"])
def test_every_family_has_a_default_space_of_parameters_it_knows(family):
    searches = space(family)

    assert searches
    assert set(searches) <= set(known_parameters(family))
    for search in searches.values():
        assert parse(dict(search)).document() == search  # what an experiment could write


@pytest.mark.parametrize("family", sorted(SPACES))
def test_default_spaces_lie_around_the_preset(family):
    given = FAMILIES[family].preset
    for name, search in space(family).items():
        if name in given and not isinstance(given[name], str):
            low, high = value(search, 0.0), value(search, 1.0)
            options = search.get("values", ())
            assert low <= given[name] <= high or given[name] in options, name


@pytest.mark.parametrize("drawn", [0, 1])
def test_equal_weights_that_were_drawn_go_before_those_of_the_candidate(drawn):
    params = {"members": ["ridge", "knn"], "weights": [0.9, 0.1]}
    same = {"ridge.weight": drawn, "knn.weight": drawn}

    assert "weights" not in merged("voting", params, same)
    assert merged("voting", params, {})["weights"] == pytest.approx([0.9, 0.1])


def test_of_a_voting_candidate_the_weights_of_its_members_are_searched():
    params = {"members": ["ridge", {"model": "knn", "params": {"p": 2}}, "ridge"]}

    assert set(space("voting", params)) == {"ridge_0.weight", "knn.weight", "ridge_2.weight"}
    drawn = {"ridge_0.weight": 0.5, "ridge_2.weight": 0.0, "knn.weight": 0.5, "knn.n_neighbors": 9}
    assert merged("voting", params, drawn) == {
        "members": [
            {"model": "ridge", "params": {}},
            {"model": "knn", "params": {"p": 2, "n_neighbors": 9}},
            {"model": "ridge", "params": {}},
        ],
        "weights": [0.5, 0.5, 0.0],
    }
    assert preset("voting", params)["members"][1] == {"model": "knn", "params": {}}


def test_what_a_trial_draws_goes_before_the_untuned_params():
    assert merged("ridge", {"alpha": 1, "tol": 2}, {"alpha": 3}) == {"alpha": 3, "tol": 2}
    assert preset("ridge", {"alpha": 1}) == {}
