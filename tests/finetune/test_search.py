"""Samplers: the same points however a shard came to them, spread as their names say."""

import numpy as np
import pytest

from _search import FIRST, STARTUP, sampler
from _stopping import behind
from _trials import DONE, STOPPED, Trial
from concrete_cli.config.space import parse

SPACE = {
    "a": parse("uniform(0, 1)").document(),
    "b": parse("choice('x', 'y', 'z')").document(),
    "c": parse("loguniform(-3, 3)").document(),
}
SAMPLINGS = ("random", "grid", "sobol", "bayesian")


def loss_at(point):
    return (point["a"] - 0.3) ** 2 + (point["c"] - 0.8) ** 2 + (point["b"] < 2 / 3)


def walk(found, numbers):
    """Ask and tell; every seventh trial is stopped early."""
    points = []
    for number in numbers:
        point = found.ask(number)
        points.append(point)
        if point is None:
            break
        state = STOPPED if number % 7 == 0 else DONE
        trial = Trial(number, state, {}, point)
        found.tell(trial, loss_at(point), [loss_at(point)])
    return points


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_a_shard_that_goes_on_draws_what_it_would_have_drawn(sampling):
    numbers = range(FIRST, 29)
    whole = walk(sampler(sampling, SPACE, 5, 0), numbers)
    first = sampler(sampling, SPACE, 5, 0)
    begun = walk(first, numbers[:15])
    again = sampler(sampling, SPACE, 5, 0)
    for number, point in zip(numbers, begun, strict=False):
        state = STOPPED if number % 7 == 0 else DONE
        again.tell(Trial(number, state, {}, point), loss_at(point), [loss_at(point)])

    assert walk(again, numbers[15:]) == whole[15:]


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_seeds_differ_and_points_are_shares(sampling):
    one, other = (walk(sampler(sampling, SPACE, seed, 0), range(2, 8)) for seed in (1, 2))

    assert one != other
    assert all(0 <= share <= 1 for point in one for share in point.values())


def test_shards_of_a_sobol_sequence_are_parts_of_one_sequence():
    numbers = range(FIRST, FIRST + 64)
    found = np.array([list(sampler("sobol", SPACE, 3, 0).ask(n).values()) for n in numbers])

    counts = [np.histogram(column, 8, (0, 1))[0] for column in found.T]
    assert all((count == 8).all() for count in counts)  # 64 points: 8 in each eighth


def test_a_grid_ends_when_every_combination_was_tried_once():
    small = {"a": parse("choice(1, 2, 3)").document(), "b": parse("randint(4)").document()}
    shards = [sampler("grid", small, 9, shard) for shard in (0, 1)]
    points = [shards[number % 2].ask(number) for number in range(FIRST, FIRST + 14)]

    assert points[12:] == [None, None]
    assert len({tuple(point.values()) for point in points[:12]}) == 12


def test_bayesian_learns():
    found = walk(sampler("bayesian", SPACE, 0, 0), range(FIRST, FIRST + 80))
    losses = [loss_at(point) for point in found]

    assert np.mean(losses[-30:]) < 0.5 * np.mean(losses[:STARTUP])


def test_bandit_gives_up_what_is_behind_the_best_by_more_than_the_slack():
    others = [[5.0, 5.0, 5.0], [4.0, 6.0, 5.0]]
    factor = {"policy": "bandit", "slack_factor": 0.1}
    amount = {"policy": "bandit", "slack_amount": 1.0}

    assert behind(factor, "rmse", [4.5], others)
    assert not behind(factor, "rmse", [4.39], others)
    assert not behind(factor, "rmse", [4.5, 6.0], others)  # two folds: the best mean is 5
    assert behind(amount, "rmse", [5.01], others)
    assert not behind(amount, "rmse", [4.99], others)
    assert not behind(factor, "rmse", [99.0], [])


@pytest.mark.parametrize(("metric", "sign"), [("r2", 1), ("rmse", -1)])
def test_the_slack_lies_on_the_worse_side(metric, sign):
    others = [[0.8, 0.8]]
    slack = {"policy": "bandit", "slack_factor": 0.25}

    assert behind(slack, metric, [0.8 - sign * 0.25], others)
    assert not behind(slack, metric, [0.8 - sign * 0.1], others)
    assert not behind(slack, metric, [0.8 + sign * 0.5], others)


def test_a_negative_r2_has_slack_as_well():
    slack = {"policy": "bandit", "slack_factor": 0.5}
    assert not behind(slack, "r2", [-0.21], [[-0.2]])
    assert behind(slack, "r2", [-0.4], [[-0.2]])


def test_median_gives_up_what_is_behind_half_of_the_others():
    others = [[score, 0.0] for score in (1.0, 2.0, 3.0, 4.0)]
    median = {"policy": "median"}

    assert behind(median, "rmse", [2.6], others)
    assert not behind(median, "rmse", [2.4], others)
    assert not behind(median, "rmse", [9.0], others[:3])  # too few to tell
    assert not behind({"policy": "none"}, "rmse", [9.0], others)
