"""Every kernel once, without NumPy: results on all cores, with the GIL released."""

import zlib
from array import array

from allcores import kernels


def main() -> None:
    prices = array("d", [3.5, 1.25, 9.0, 1.25])
    print("sum", kernels.sum(prices))
    print("minmax", kernels.minmax(prices), "mean", kernels.mean(prices), "var", kernels.var(prices))
    print("dot", kernels.dot(prices, prices), "cumsum", kernels.cumsum(prices).tolist())
    counts, edges = kernels.histogram(prices, 3)
    print("histogram", counts.tolist(), edges.tolist())
    print("bincount", kernels.bincount(b"\x01\x03\x01").tolist())
    print("searchsorted", kernels.searchsorted(kernels.sort(prices), 2.0))
    print("isin", kernels.isin(prices, array("d", [1.25, 3.5])).tolist())
    print("sort", kernels.sort(prices).tolist())
    print("argsort", kernels.argsort(prices).tolist())  # stable: the first 1.25 comes first
    numbers, counted = kernels.value_counts(prices)
    print("different", dict(zip(numbers, counted, strict=True)))
    kernels.sort(prices, out=prices)
    print("in place", prices.tolist())

    counts = kernels.count_words(b"to be or not to be")
    print("words", dict(sorted(counts.items())))

    print("grep_count", kernels.grep_count(b"to be or not to be", b"to"))
    data = bytes(range(256)) * 1000
    print("crc32", kernels.crc32(data) == zlib.crc32(data))

    image = kernels.mandelbrot(60, 20, max_iter=50)
    for row in range(20):
        print("".join(" .:-=+*#%@"[min(9, n // 5)] for n in image[60 * row : 60 * row + 60]))

    print("primes", kernels.primes(10, 30).tolist(), kernels.primes(1_000_000, count=True))


if __name__ == "__main__":
    main()
