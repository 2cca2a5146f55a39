"""Calls everything public with hostile arguments: ``fuzz_child.py GROUP SECONDS SEED THREADS``.

The main thread is interrupted every 50 ms, so that no call can wait for ever if its waits are what
they should be.
Any exception is right but SystemError, which says that C code broke the interpreter's rules.
"""

import faulthandler
import gc
import os
import random
import resource
import signal
import sys
import threading as standard
import time
import warnings
from typing import Any

import hostile_values as hostile

#: Not called: they are the interpreter's own.
LEFT_OUT = {"__class__", "__getattribute__", "__dir__", "__subclasshook__", "__init_subclass__"}
LEFT_OUT |= {"__del__", "__reduce__", "__reduce_ex__", "__new__", "__sizeof__", "__format__"}


class Interrupted(Exception):
    pass


class Fuzzer:
    """One thread's random calls."""

    armed = False  # whether the main thread may be interrupted now

    def __init__(self, group: str, seed: int) -> None:
        self.rng = random.Random(seed)
        self.subjects = hostile.GROUPS[group]
        self.alive: list[Any] = []
        self.last = "nothing"
        self.calls = 0

    def value(self) -> Any:
        dice = self.rng.random()
        if dice < 0.08 and self.alive:
            return self.rng.choice(self.alive)
        if dice < 0.14 and self.alive:
            return hostile.Returns(self.rng.choice(self.alive), self.rng)
        return self.rng.choice(hostile.VALUES)()

    def arguments(self, name: str) -> tuple[list[Any], dict[str, Any]]:
        args = [self.value() for _ in range(self.rng.choice((0, 0, 1, 1, 1, 2, 2, 3, 5)))]
        names = {}
        while self.rng.random() < 0.25:
            names[self.rng.choice(hostile.NAMES)] = self.value()
        if name == "map" or name == "starmap":
            names["mode"] = self.rng.choice(("threads", "thread", None, 5))  # no processes without end
        return args, names

    def call(self, what: Any, name: str) -> Any:
        args, names = self.arguments(name)
        self.calls += 1
        self.last = f"{type(what).__name__} {name} {[type(a).__name__ for a in args]} {list(names)}"
        try:
            result = what(*args, **names)
            # what was handed out is used, but not for ever
            if hasattr(result, "__next__"):
                for _ in range(3):
                    next(result)
            elif hasattr(result, "send"):
                try:
                    result.send(None)
                finally:
                    result.close()
            return result
        except SystemError:
            raise
        except BaseException:
            return None

    def one(self) -> None:
        rng = self.rng
        if not self.alive or rng.random() < 0.06:
            subject = rng.choice(self.subjects)
            if isinstance(subject, type) and rng.random() < 0.1:
                try:
                    made = subject.__new__(subject)  # __init__ is never called
                except Exception:
                    return
            else:
                made = self.call(subject, getattr(subject, "__name__", "?"))
            if made is not None and type(made).__module__.startswith("allcores"):
                self.alive.append(made)
                del self.alive[:-12]
            return
        subject = rng.choice(self.alive)
        names = [name for name in dir(type(subject)) if name not in LEFT_OUT]
        name = rng.choice(names)
        dice = rng.random()
        try:
            if dice < 0.03:
                setattr(subject, name, self.value())
                return
            if dice < 0.04:
                delattr(subject, name)
                return
            attribute = getattr(subject, name)
        except Interrupted:
            return
        except SystemError:
            raise
        except Exception:
            return
        if callable(attribute):
            self.call(attribute, name)


def interrupt(*_: object) -> None:
    if Fuzzer.armed:
        raise Interrupted


def background(
    group: str, seed: int, until: float, faults: list[str], start: standard.Event
) -> None:
    fuzzer = Fuzzer(group, seed)
    start.wait()
    while time.monotonic() < until:
        try:
            fuzzer.one()
        except SystemError as broken:
            faults.append(f"{fuzzer.last}: {broken}")
        except BaseException:
            pass


def main() -> None:
    group, seconds, seed, threads = sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    print(f"seed: {seed}", flush=True)
    warnings.simplefilter("ignore")
    sys.unraisablehook = lambda _: None
    standard.excepthook = lambda _: None
    faulthandler.enable()
    faulthandler.dump_traceback_later(seconds + 20, exit=True)
    resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
    until = time.monotonic() + seconds
    faults: list[str] = []
    start = standard.Event()  # all are there before one of them may have taken the memory for the next
    for number in range(threads - 1):
        arguments = (group, seed + 1 + number, until, faults, start)
        standard.Thread(target=background, args=arguments, daemon=True).start()
    start.set()
    fuzzer = Fuzzer(group, seed)
    signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
    slow = ""
    while time.monotonic() < until:
        started = time.monotonic()
        # The interpreter runs handlers at calls and jumps: none comes before the `armed = False`.
        try:
            Fuzzer.armed = True
            fuzzer.one()
            Fuzzer.armed = False
        except SystemError as broken:
            Fuzzer.armed = False
            faults.append(f"{fuzzer.last}: {broken}")
        except BaseException:
            Fuzzer.armed = False
        took = time.monotonic() - started
        if took > 3:
            slow = f"{fuzzer.last} took {took:.1f} s"
    signal.setitimer(signal.ITIMER_REAL, 0)
    fuzzer.alive.clear()
    gc.collect()
    print(f"{fuzzer.calls} calls by the main thread; slow: {slow or 'none'}")
    print("\n".join(faults[:5]), flush=True)
    sys.stdout.write("end\n" if not faults else "faults\n")
    sys.stdout.flush()
    os._exit(0 if not faults else 1)


if __name__ == "__main__":
    main()
