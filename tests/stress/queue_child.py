"""Runs one scenario for each kind of queue: python queue_child.py NAME SECONDS SEED [BROKEN].

A test starts it. BROKEN names a class of queue_broken.py to take instead: the scenario must fail then.

A process of its own, because a scenario may crash or hang when something is wrong, and because it sets
what belongs to a process: signal handlers, the collector's thresholds, the switch interval.
"""

import faulthandler
import gc
import random
import sys
import time

import queue_broken
import queue_interrupts
import queue_lives
import queue_objects
from queue_common import MAKES, Make

SCENARIOS = {**queue_objects.SCENARIOS, **queue_interrupts.SCENARIOS, **queue_lives.SCENARIOS}


def main() -> None:
    name, seconds, seed = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
    gc.freeze()  # the collections that follow look at what is tested, and not at all that was imported
    faulthandler.enable()
    faulthandler.dump_traceback_later(2 * seconds + 100, exit=True)
    rng = random.Random(seed)
    makes = MAKES
    if len(sys.argv) > 4:
        makes = [Make(sys.argv[4], maxsize, module=queue_broken) for maxsize in (0, 3)]
    for number, make in enumerate(makes):
        interval = rng.choice([1e-6, 1e-4, 5e-3])
        sys.setswitchinterval(interval)
        start = time.monotonic()
        # flushed: the last line is where it crashed
        print(f"{name} of {make}, switch interval {interval}", flush=True)
        SCENARIOS[name](make, seconds / len(makes), random.Random(seed + number))
        print(f"  {time.monotonic() - start:.2f} s", flush=True)
    print("end", flush=True)


if __name__ == "__main__":
    main()
