"""Does everything many times and looks what stays: items by weak references, memory by blocks.

``--all``: also what nomemory_native.py has. ``--leak``: one case, which the check must notice.
"""

import gc
import sys
import weakref

import nomemory_child as cases


class Witness:
    """An item whose end can be seen."""


def leaked_blocks(name: str) -> int:
    """How many blocks a hundred rounds leave, the best of several hundred."""
    make, operation, check = cases.CASES[name]
    best = 1 << 30
    for _ in range(4):
        gc.collect()
        before = sys.getallocatedblocks()
        for _ in range(100):
            subject = make()
            operation(subject)
            check(subject)
        del subject
        gc.collect()
        best = min(best, sys.getallocatedblocks() - before)
        if best < 50:
            break
    return best


def leaked_items() -> list[str]:
    """Queues whose items outlive them."""
    left = []
    for name, make in cases.QUEUES.items():
        q = make()
        witness = Witness()
        seen = weakref.ref(witness)
        q.put((0, witness) if name == "PriorityQueue" else witness)
        del witness
        assert seen() is not None
        q.get()
        gc.collect()
        if seen() is not None:
            left.append(f"{name}: after get")
        witness = Witness()
        seen = weakref.ref(witness)
        q.put((0, witness) if name == "PriorityQueue" else witness)
        del witness, q
        gc.collect()
        if seen() is not None:
            left.append(f"{name}: after its end")
    return left


def main() -> None:
    if "--leak" in sys.argv:  # the control: this one keeps something
        kept: list[object] = []
        cases.CASES["kept"] = (lambda: None, lambda _: kept.append(Witness()), lambda _: None)
    names = ["kept"] if "--leak" in sys.argv else list(cases.CASES)
    names = [name for name in names if "--all" in sys.argv or name not in cases.NATIVE]
    wrong = [f"{name}: {n} blocks" for name in names if (n := leaked_blocks(name)) >= 50]
    wrong += leaked_items()
    print("\n".join(wrong))
    print("end" if not wrong else "leaks", flush=True)


if __name__ == "__main__":
    main()
