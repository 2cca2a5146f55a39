"""CPython's own tests of `queue`, run on `allcores.queue` and, as a control, on `queue`."""

PORTED = (
    "QueueTest",
    "LifoQueueTest",
    "PriorityQueueTest",
    "FailingQueueTest",
    "SimpleQueueTest",
)


def test_cpython(ported) -> None:
    ported.check()
