"""What the call from Python adds to the scheduler: for_range of a C function that does nothing.

The same loops without an interpreter are in sched_in_c.
"""

import ctypes
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from bench.harness.bars import Bar
from bench.harness.comparison import Builders, Comparison, Settings
from bench.harness.contender import Call, NotAvailable, Work
from bench.ours import ours
from bench.rivals.c_rings import _compiler, _run

QUESTION = "what does a call from Python add to a loop in C?"
BARS: list[Bar] = []
SOURCE = """
#include <stdint.h>
int nothing(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    (void)ctx, (void)lo, (void)hi, (void)worker;
    return 0;
}
"""


@cache
def nothing() -> Any:
    """Compile a C function that does nothing, and return it as ctypes has it."""
    cc = _compiler("CC", "cc", "gcc", "clang")
    if cc is None:
        raise NotAvailable("there is no C compiler (cc, gcc, clang or what CC names)")
    with tempfile.TemporaryDirectory(prefix="allcores-nothing-") as folder:
        source, library = Path(folder) / "nothing.c", Path(folder) / "nothing.so"
        source.write_text(SOURCE, encoding="utf-8")
        _run([*cc, "-O2", "-shared", "-fPIC", str(source), "-o", str(library)])
        function = ctypes.CDLL(str(library)).nothing
    whole = ctypes.c_int64
    function.argtypes = (ctypes.c_void_p, whole, whole, ctypes.c_int32)
    return function


def comparisons(settings: Settings) -> Builders:
    """Return for_range over one chunk and over 1,000, beside a bare call of the function."""

    def build() -> Comparison:
        for_range, function = ours("parallel", "for_range"), nothing()

        def loop(n: int, **keywords: Any) -> Work:
            return Work.calling(for_range, function, n, check=lambda _: "done", **keywords)

        def chunks(threads: int) -> Work:
            return loop(1000, threads=threads, schedule="dynamic", grain=1)

        contenders = [
            Call("for_range, 1,000 chunks", chunks(settings.workers)),
            Call("for_range, 1,000 chunks, 1 thread", chunks(1)),
            Call("for_range, one chunk", loop(1)),
            Call("ctypes, one call", Work.calling(function, 0, 0, 1, 0, check=lambda _: "done")),
        ]
        said = f"a function that returns 0; {settings.workers} threads"
        return Comparison("call", contenders, said)

    return {"for_range of an empty function": build}
