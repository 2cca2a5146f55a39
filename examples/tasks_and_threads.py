"""One queue between an event loop and threads, and one thread that waits for two queues.

Tasks hand jobs to a thread and await the answers; the thread waits with ``select`` for jobs or for the
order to stop.
"""

import asyncio
import threading

from allcores.queue import Queue, SimpleQueue, select


def work(jobs: "Queue[int]", answers: "Queue[tuple[int, int]]", orders: "SimpleQueue[str]") -> None:
    """Square numbers until the order to stop comes."""
    while True:
        if orders in select([jobs, orders]):
            print("thread:", orders.get())
            return
        number = jobs.get()  # the only consumer, so that it does not wait
        answers.put((number, number * number))


async def ask(jobs: "Queue[int]", answers: "Queue[tuple[int, int]]") -> dict[int, int]:
    """Put ten jobs in and await ten answers; neither blocks the loop."""

    async def fill() -> None:
        for number in range(10):
            await jobs.aput(number)  # waits while the queue is full

    filling = asyncio.create_task(fill())
    async with asyncio.timeout(60):
        found = dict([await answers.aget() for _ in range(10)])
    await filling
    return found


def main() -> None:
    jobs: Queue[int] = Queue(3)
    answers: Queue[tuple[int, int]] = Queue()
    orders: SimpleQueue[str] = SimpleQueue()
    thread = threading.Thread(target=work, args=(jobs, answers, orders))
    thread.start()
    print("squares:", sorted(asyncio.run(ask(jobs, answers)).values()))
    orders.put("stop")
    thread.join()


if __name__ == "__main__":
    main()
