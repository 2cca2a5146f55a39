"""Waiting to be told: the order of steps, on a made-up queue that records them."""

import asyncio
import threading

import pytest

from allcores._common.async_waits import Waiter, retry_when_told


class Recorder:
    """Listeners of a made-up queue; `at_add` runs when a waiter is put on the list."""

    def __init__(self) -> None:
        self.steps, self.waiters, self.at_add = [], [], lambda: None

    def enter(self, what):
        self.steps.append("enter")
        return 5

    def add(self, what, waiter, front):
        self.steps.append("add in front" if front else "add")
        self.waiters.append(waiter)
        self.at_add()

    def discard(self, what, waiter):
        there = waiter in self.waiters
        if there:
            self.waiters.remove(waiter)
        return there

    def leave(self, what, since):
        assert since == 5
        self.steps.append("leave")

    def pass_on(self, what, queue):
        self.steps.append("pass on")


class Nothing(Exception):
    pass


def make(recorder, items):
    def attempt():
        if not items:
            raise Nothing
        return items.pop()

    return retry_when_told("queue", 0, Nothing, lambda queue: recorder, attempt)


def test_what_is_there_is_taken_without_a_listener() -> None:
    recorder = Recorder()
    assert asyncio.run(make(recorder, [1])) == 1
    assert recorder.steps == []


def test_it_looks_again_after_it_is_on_the_list() -> None:
    recorder, items = Recorder(), []
    recorder.at_add = lambda: items.append(1)
    assert asyncio.run(make(recorder, items)) == 1
    assert recorder.steps == ["enter", "add", "leave"]


async def told_once(recorder, items):
    task = asyncio.create_task(make(recorder, items))
    await asyncio.sleep(0)
    assert recorder.waiters.pop(0).wake()
    return task


def test_who_was_told_passes_on_when_it_leaves() -> None:
    recorder, items = Recorder(), []

    async def main():
        task = await told_once(recorder, items)
        items.append(1)
        assert await task == 1

    asyncio.run(main())
    assert recorder.steps == ["enter", "add", "add in front", "leave", "pass on"]


def test_who_was_told_in_vain_owes_nothing_and_keeps_its_place() -> None:
    recorder = Recorder()

    async def main():
        task = await told_once(recorder, [])
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert recorder.steps == ["enter", "add", "add in front", "leave"]


def test_who_was_told_and_is_cancelled_passes_on() -> None:
    recorder = Recorder()

    async def main():
        task = await told_once(recorder, [])
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert recorder.steps == ["enter", "add", "leave", "pass on"]


def test_wake_from_another_thread() -> None:
    async def main():
        waiter = Waiter(asyncio.get_running_loop())
        said = []
        thread = threading.Thread(target=lambda: said.extend([waiter.wake(), waiter.wake()]))
        thread.start()
        await asyncio.wait_for(waiter.future, 20)
        thread.join()
        assert said == [True, True]

    asyncio.run(main())


def test_wake_says_when_nobody_will_look() -> None:
    loop = asyncio.new_event_loop()
    waiter = Waiter(loop)
    assert not waiter.wake()  # it stands still: told, and not to be relied on
    loop.run_until_complete(asyncio.sleep(0))
    assert waiter.future.done()
    loop.close()
    assert not Waiter.wake(waiter)


def test_another_error_of_the_loop_is_not_swallowed() -> None:
    loop = asyncio.new_event_loop()
    waiter = Waiter(loop)

    def broken(call):
        raise RuntimeError("broken")

    loop.call_soon_threadsafe = broken
    with pytest.raises(RuntimeError, match="broken"):
        waiter.wake()
    loop.close()
