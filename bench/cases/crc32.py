"""A checksum of bytes, against zlib."""

import zlib

from bench.harness.bars import Bar
from bench.harness.comparison import Builders, Comparison, Settings
from bench.harness.contender import Call, Work
from bench.inputs import SEED, random_bytes
from bench.ours import ours

QUESTION = "how fast is the checksum of a large buffer?"
OURS, ZLIB = "allcores crc32", "zlib.crc32"
BARS = [Bar("crc32", "large", OURS, ZLIB, 2.0, issue=6)]


def comparisons(settings: Settings) -> Builders:
    """Return ours on all threads and on one, and zlib's."""
    size = settings.pick(100_000, 8_000_000, 80_000_000)
    threads = settings.workers

    def build() -> Comparison:
        data, crc32 = random_bytes(size), ours("kernels", "crc32")
        contenders = [
            Call(OURS, Work.calling(crc32, data, threads=threads)),
            Call(f"{OURS}, 1 thread", Work.calling(crc32, data, threads=1)),
            Call(ZLIB, Work.calling(zlib.crc32, data)),
        ]
        return Comparison("call", contenders, f"{size:,} random bytes, seed {SEED}; {threads} threads")

    return {"large": build}
