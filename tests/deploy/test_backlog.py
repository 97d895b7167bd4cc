"""Answers that wait for peers: each for a while, all of them up to a size."""

import asyncio

import pytest
from concrete_cli.backends.local.serving import backlog
from concrete_cli.backends.local.serving.backlog import Backlog


class Peer:
    """A connection whose peer reads nothing."""

    def __init__(self, size):
        self.transport = self
        self.size = size
        self.cut = False

    def get_write_buffer_size(self):
        return 0 if self.cut else self.size

    def abort(self):
        self.cut = True


def after(seconds, do):
    async def run():
        do()
        await asyncio.sleep(seconds)

    asyncio.run(run())


def test_a_peer_has_time_to_read_and_more_for_more():
    waiting, soon, large = Backlog(0.01), Peer(1), Peer(backlog.SLOWEST * 100)
    after(0.1, lambda: (waiting.add(soon), waiting.add(soon), waiting.add(large)))
    assert (soon.cut, large.cut) == (True, False)
    assert waiting.oldest() is large


def test_one_that_reads_is_not_cut():
    waiting, peer = Backlog(0.01), Peer(1)
    after(0.1, lambda: (waiting.add(peer), waiting.remove(peer), waiting.remove(peer)))
    assert not peer.cut
    assert waiting.oldest() is None


@pytest.mark.parametrize(("sizes", "cut"), [((30, 1, 0, 1, 1), [0]), ((99,), []), ((9, 30), [0])])
def test_the_oldest_go_when_all_is_too_much(sizes, cut):
    waiting = Backlog(100)
    peers = [Peer(size << 20) for size in sizes]
    after(0, lambda: [waiting.add(peer) for peer in peers])
    assert [at for at, peer in enumerate(peers) if peer.cut] == cut
