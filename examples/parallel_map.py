"""A pure-Python function over many items, on all cores: threads or processes, whichever wins."""

import itertools

import allcores
from allcores import parallel


def collatz(number: int) -> int:
    """Return how many steps it takes from `number` to 1."""
    steps = 0
    while number != 1:
        number = number // 2 if number % 2 == 0 else 3 * number + 1
        steps += 1
    return steps


def main() -> None:
    print(allcores.explain())
    longest = max(parallel.map(collatz, range(1, 20_000)))
    print("longest below 20,000:", longest, "steps")

    # An endless input is read only as far as needed; leaving the block ends the workers.
    with parallel.map(collatz, itertools.count(1), backend="threads") as lengths:
        first = next(n for n, steps in enumerate(lengths, 1) if steps > 100)
    print("first above 100 steps:", first)


if __name__ == "__main__":
    main()
