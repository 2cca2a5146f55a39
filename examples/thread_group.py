"""Threads that end with their block, and their errors in one place."""

from allcores.threading import ThreadGroup


def main() -> None:
    with ThreadGroup() as g:
        tasks = [g.start(pow, 2, n) for n in range(5)]
    print([task.result() for task in tasks])
    try:
        with ThreadGroup() as g:
            g.start(g.cancelled.wait)  # ends when the other fails
            g.start(int, "seven")
    except* ValueError as group:
        print("failed:", group.exceptions[0])


if __name__ == "__main__":
    main()
