"""Ten thousand pending timers, one waiting thread."""

import threading

from allcores.threading import Timer


def main() -> None:
    timers = [Timer(60, print) for _ in range(10_000)]
    for timer in timers:
        timer.start()
    print("threads:", threading.active_count())
    for timer in timers:
        timer.cancel()
    last = Timer(0.01, print, ["ding"])
    last.start()
    last.join()


if __name__ == "__main__":
    main()
