"""The queues of other systems than Linux. They run here too, so that they are not forgotten."""

import multiprocessing

import pytest

from allcores.errors import Empty, Full
from allcores.multiprocessing.queues_portable import JoinableQueue, Queue


@pytest.mark.parametrize("cls", [Queue, JoinableQueue])
def test_batches_go_through_the_standard_queue(cls: type) -> None:
    q = cls(3, ctx=multiprocessing.get_context())
    q.put_many(range(3))
    with pytest.raises(Full) as full:
        q.put_many([9], timeout=0.01)
    assert full.value.count == 0
    got = []
    while len(got) < 3:
        got += q.get_many(5)
    assert got == [0, 1, 2]
    with pytest.raises(Empty):
        q.get_many(2, timeout=0.01)
    with pytest.raises(ValueError, match="at least 1"):
        q.get_many(0)
    with pytest.raises(NotImplementedError, match="Linux"):
        q.shutdown()
    assert q.stats() == {"depth": 0}
    q.close()
    q.join_thread()
