"""Two programs that share nothing but a name: one answers in an event loop, the other asks."""

import asyncio
import os
import subprocess
import sys

from allcores import multiprocessing as mp

QUESTIONS = f"questions-{os.environ.get('EXAMPLE', os.getpid())}"


async def answers() -> None:
    """The first program: it makes the queue, and removes its name at the end."""
    questions = mp.Queue(name=QUESTIONS)
    print("ready", flush=True)
    try:
        while (question := await questions.aget()) is not None:
            reply_to, text = question
            mp.Queue.attach(reply_to).put(text.upper())
    finally:
        questions.unlink()


def asks() -> None:
    """The second program: it finds the queue by its name, and makes one for the replies."""
    questions = mp.Queue.attach(QUESTIONS)
    name = f"replies-{os.getpid()}"
    replies = mp.Queue(name=name)
    try:
        for text in ("is anybody there?", "that was all"):
            questions.put((name, text))
            print(replies.get(timeout=10))
        questions.put(None)
    finally:
        replies.unlink()


def main() -> None:
    """Start both, as a shell would in two terminals."""
    environment = {**os.environ, "EXAMPLE": str(os.getpid())}
    program = [sys.executable, "-W", "error", __file__]
    with subprocess.Popen(
        [*program, "answers"], env=environment, stdout=subprocess.PIPE, text=True
    ) as first:
        assert first.stdout is not None
        print(first.stdout.readline().strip())
        subprocess.run([*program, "asks"], env=environment, check=True, timeout=30)
    print("the first program has ended:", first.returncode)
    left = [entry for entry in os.listdir("/dev/shm") if entry.endswith(str(os.getpid()))]
    print("names left:", left)


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    if sys.argv[1:] == ["answers"]:
        asyncio.run(answers())
    elif sys.argv[1:] == ["asks"]:
        asks()
    else:
        main()
