"""CPython's own tests of `threading`, run on `allcores.threading` and, as a control, on `threading`."""

PORTED = (
    "LockTests",
    "RLockTests",
    "EventTests",
    "ConditionTests",
    "ConditionAsRLockTests",
    "SemaphoreTests",
    "BoundedSemaphoreTests",
    "BarrierTests",
    "TimerTests",
    "ThreadTests",
)


def test_cpython(ported) -> None:
    ported.check()
