"""The course's program: workers filter a word list for words of seven letters.

``shutdown`` takes the place of one END marker a worker: a worker ends when the queue is empty and
will stay so.
"""

import sys
import threading

from allcores.queue import Queue, ShutDown


def seven_letters(words: "Queue[str]", found: "Queue[str]") -> None:
    """Move the words of seven letters from one queue to the other, until nothing comes any more."""
    while True:
        try:
            batch = words.get_many(100)
        except ShutDown:
            return
        found.put_many(word for word in batch if len(word) == 7)


def main() -> None:
    text = sys.argv[1] if len(sys.argv) > 1 else __doc__ or ""
    words: Queue[str] = Queue(1000)
    found: Queue[str] = Queue()
    workers = [threading.Thread(target=seven_letters, args=(words, found)) for _ in range(2)]
    for worker in workers:
        worker.start()
    words.put_many(text.split())
    words.shutdown()
    for worker in workers:
        worker.join()
    print(*sorted(found.get_many(found.qsize())) if found.qsize() else ["none"])


if __name__ == "__main__":
    main()
