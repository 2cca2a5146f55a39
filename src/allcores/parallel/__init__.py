"""Algorithms over threads and processes: the same call, whichever runs faster here.

``map`` is here; the other names of the design (``starmap for_each reduce scan pipeline for_range``)
come with their own issues.
"""

from allcores.parallel.choice import choose_backend
from allcores.parallel.mapping import MapIterator, map

__all__ = ["MapIterator", "choose_backend", "map"]
