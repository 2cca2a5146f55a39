"""Algorithms over threads and processes: the same call, whichever runs faster here.

``map`` and ``for_range`` are here; the other names of the design (``starmap for_each reduce scan
pipeline``) come with their own issues.
"""

from allcores.parallel.choice import choose_backend
from allcores.parallel.mapping import MapIterator, map
from allcores.parallel.ranges import for_range

__all__ = ["MapIterator", "choose_backend", "for_range", "map"]
