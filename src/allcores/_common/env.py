"""Every environment variable that allcores reads, and nothing else reads them.

``ALLCORES_DEBUG``    ``1``: locks of ``allcores.threading`` look out for orders that can deadlock
``ALLCORES_THREADS``  how many threads or processes to use where the caller does not say
``ALLCORES_SIMD``     ``portable avx2 avx512 neon``: use no better instructions than these
"""

import os

_SIMD = ("portable", "avx2", "avx512", "neon")


def read_debug() -> bool:
    """Return whether ``ALLCORES_DEBUG`` is ``1``; not set, empty and ``0`` are no."""
    text = os.environ.get("ALLCORES_DEBUG", "").strip()
    if text not in ("", "0", "1"):
        raise ValueError(f"ALLCORES_DEBUG={text!r}: expected 1 or 0; unset it to debug nothing")
    return text == "1"


def read_threads() -> int | None:
    """Return ``ALLCORES_THREADS`` as a positive int, or None where it is not set."""
    text = os.environ.get("ALLCORES_THREADS", "").strip()
    if not text:
        return None
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise ValueError(
            f"ALLCORES_THREADS={text!r}: expected a whole number from 1 up; unset it to use every core"
        )
    return number


def read_simd() -> str | None:
    """Return ``ALLCORES_SIMD``, one of the names above, or None where it is not set."""
    text = os.environ.get("ALLCORES_SIMD", "").strip().lower()
    if not text:
        return None
    if text not in _SIMD:
        raise ValueError(f"ALLCORES_SIMD={text!r}: expected one of {' '.join(_SIMD)}")
    return text
