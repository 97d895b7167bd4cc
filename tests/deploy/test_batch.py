"""Requests of one moment share a prediction, and nothing else."""

import asyncio

import numpy as np
import pytest
from concrete_cli.backends.local.serving.batch import MOST, Batch


class Model:
    quick = True

    def __init__(self):
        self.sizes = []

    def predict(self, columns):
        self.sizes.append(len(columns["x"]))
        if "bad" in columns["x"]:
            raise ValueError("bad")
        return np.array(columns["x"], dtype=float) * 2


def together(model, *requests):
    async def ask():
        batch = Batch(model)
        asked = (batch.predict({"x": list(values)}) for values in requests)
        return await asyncio.gather(*asked, return_exceptions=True)

    return asyncio.run(ask())


def test_each_gets_its_own():
    model = Model()
    found = together(model, [1], [2, 3], [4])
    assert [one.tolist() for one in found] == [[2], [4, 6], [8]]
    assert model.sizes == [4]


def test_one_that_fails_fails_alone():
    model = Model()
    first, second, third = together(model, [1], ["bad"], [3])
    assert (first.tolist(), third.tolist()) == ([2], [6])
    with pytest.raises(ValueError, match="bad"):
        raise second


def test_batches_are_small():
    model = Model()
    found = together(model, *[[number] * 10 for number in range(8)], [0] * (MOST + 1))
    assert [len(one) for one in found] == [10] * 8 + [MOST + 1]
    assert sorted(model.sizes) == [20, 30, 30, MOST + 1]


def test_one_that_hung_up_does_not_disturb_the_others():
    async def ask():
        batch = Batch(Model())
        gone = asyncio.ensure_future(batch.predict({"x": [1]}))
        stays = asyncio.ensure_future(batch.predict({"x": [2]}))
        await asyncio.sleep(0)
        gone.cancel()
        return await stays

    assert asyncio.run(ask()).tolist() == [4]


def test_without_a_quick_way_everybody_goes_alone():
    model = Model()
    model.quick = False
    together(model, [1], [2])
    assert model.sizes == [1, 1]


def test_one_that_is_alone_waits_for_nobody():
    batch = Batch(Model())
    batch.asked = {"the only request"}
    coroutine = batch.predict({"x": [3]})
    with pytest.raises(StopIteration) as done:
        coroutine.send(None)
    assert done.value.value.tolist() == [6]
