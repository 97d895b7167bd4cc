import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from _groups import assign, group_numbers, strata

sizes = st.lists(st.integers(1, 9), min_size=6, max_size=60)
seeds = st.integers(0, 2**32 - 1)


def rows_of(sizes):
    return np.repeat(np.arange(len(sizes)), sizes)


@given(sizes, st.integers(2, 6), seeds, st.integers(1, 4))
def test_every_fold_has_whole_groups(sizes, folds, seed, kinds):
    groups = rows_of(sizes)
    bins = (np.arange(len(sizes)) % kinds)[groups]
    buckets = assign(groups, bins, [1 / folds] * folds, np.random.default_rng(seed))
    assert buckets.shape == (len(sizes),)
    assert set(buckets) == set(range(folds))


@given(sizes, seeds)
def test_the_same_seed_gives_the_same_folds(sizes, seed):
    groups = rows_of(sizes)
    first, again = (
        assign(groups, groups * 0, [0.8, 0.2], np.random.default_rng(seed)) for _ in range(2)
    )
    assert (first == again).all()


def test_buckets_get_their_share_of_each_stratum():
    groups = np.arange(10_000)
    bins = groups % 5
    buckets = assign(groups, bins, [0.7, 0.3], np.random.default_rng(1))
    for stratum in range(5):
        assert abs(np.mean(buckets[bins == stratum]) - 0.3) < 0.001


def test_large_and_small_groups_have_the_same_chance():
    sizes = [20] * 20 + [1] * 100
    groups = rows_of(sizes)
    tested = np.array(
        [
            assign(groups, groups * 0, [0.8, 0.2], np.random.default_rng(seed)) == 1
            for seed in range(400)
        ]
    )
    assert tested[:, :20].mean() == pytest.approx(0.2, abs=0.03)
    assert tested[:, 20:].mean() == pytest.approx(0.2, abs=0.03)


@given(st.lists(st.tuples(st.sampled_from("xyz"), st.sampled_from([0.0, 1.0, None])), min_size=1))
def test_rows_are_of_one_group_when_all_columns_are_equal(values):
    frame = pd.DataFrame(values, columns=["text", "number"])
    numbers = group_numbers(frame, ["text", "number"])
    for one, left in enumerate(values):
        for other, right in enumerate(values):
            assert (numbers[one] == numbers[other]) == (left == right)


def test_strata_are_quantile_bins_or_levels():
    assert np.bincount(strata(pd.Series(np.arange(100.0)), 4))[1:].tolist() == [25] * 4
    assert set(strata(pd.Series(["a", "b", "a", None]), 4)) == {0, 1, 2}
    assert len(strata(pd.Series([1.0, np.nan]), 2)) == 2
