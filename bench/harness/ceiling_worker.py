"""One of the independent processes of ceiling.py: prepares its input, then obeys its stdin.

python -m bench.harness.ceiling_worker '["module", "function", {arguments}]'
"""

import gc
import importlib
import json
import signal
import sys
import time

from bench.harness.contender import Work, cpu_seconds

SPIN_NS = 1_000_000  # sleeping ends this much too late at most; the rest is spun


def main() -> int:
    """Read an order a line, answer a line; whoever gives the orders also ends this process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = sys.stdout
    sys.stdout = sys.stderr  # what a job prints must not be taken for an answer
    module, function, args = json.loads(sys.argv[1])
    work: Work = getattr(importlib.import_module(module), function)(**args)
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        _wait_until(order["start_ns"])
        cpu = cpu_seconds()
        start = time.perf_counter_ns()
        result = work.run(order["reps"])
        end = time.perf_counter_ns()
        cpu = cpu_seconds() - cpu
        report = {
            "start_ns": start,
            "end_ns": end,
            "cpu_s": cpu,
            "checksum": str(work.check(result)),
        }
        del result
        print(json.dumps(report), file=answers, flush=True)
        gc.collect()  # while nobody waits for it
    return 0


def _wait_until(moment_ns: int) -> None:
    left = moment_ns - time.perf_counter_ns()
    if left > SPIN_NS:
        time.sleep((left - SPIN_NS) / 1e9)
    while time.perf_counter_ns() < moment_ns:
        pass


if __name__ == "__main__":
    sys.exit(main())
