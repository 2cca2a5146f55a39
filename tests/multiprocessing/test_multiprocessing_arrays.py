"""SharedArray: an array that processes share, and that never goes away under a view."""

import gc
import pickle
import struct
from typing import Any

import pytest
from mp_helpers import PATIENCE

from allcores import multiprocessing as mp


def fill(array: Any, start: int) -> None:
    for at in range(len(array)):
        array[at] = start + at


def test_it_reaches_a_child(ctx) -> None:
    array = ctx.SharedArray(5, "q")
    assert array.tolist() == [0] * 5
    process = ctx.Process(target=fill, args=(array, 7))
    process.start()
    process.join(PATIENCE)
    assert process.exception is None
    assert array.tolist() == [7, 8, 9, 10, 11]


@pytest.mark.parametrize("kind", list("?bBhHiIlLqQfd"))
def test_simple_kinds_need_no_numpy(kind: str) -> None:
    array = mp.SharedArray((2, 3), kind)
    view = memoryview(array)
    assert (view.format, view.shape, view.itemsize) == (kind, (2, 3), struct.calcsize(kind))
    assert array.nbytes == 6 * array.itemsize and not view.readonly and view.c_contiguous
    array[1, 2] = 1
    assert array.tolist()[1][2] == 1 and array[1, 2] == 1
    assert array.dtype == array.format == kind


def test_python_types_and_odd_shapes() -> None:
    assert [mp.SharedArray(1, kind).format for kind in (int, float, bool)] == ["q", "d", "?"]
    assert mp.SharedArray((), "i").tolist() == 0
    assert mp.SharedArray((0, 4)).nbytes == 0
    assert len(mp.SharedArray((3, 4))) == 3
    for shape in (-1, (1,) * 33):
        with pytest.raises(ValueError, match=r"lengths must not|at most 32"):
            mp.SharedArray(shape)
    for shape in ("x", 1.5, (1, 2.5), None):
        with pytest.raises(TypeError, match="shape must be an int or a tuple of ints, not"):
            mp.SharedArray(shape)
    with pytest.raises(MemoryError):
        mp.SharedArray(1 << 50)
    with pytest.raises(TypeError):
        mp.SharedArray(1, "no such type")


def test_the_memory_outlives_the_object() -> None:
    array = mp.SharedArray(1000, "i")
    view = memoryview(array)
    array[999] = 5
    del array
    gc.collect()
    assert view[999] == 5
    view[0] = 6
    assert view[0] == 6


def test_pickling_is_refused_outside_of_spawning() -> None:
    with pytest.raises(RuntimeError, match="through inheritance"):
        pickle.dumps(mp.SharedArray(1))


def double(array: Any) -> None:
    array.array[:] *= 2


def test_with_numpy_it_is_an_ndarray(fork) -> None:
    ctx, numpy = fork, pytest.importorskip("numpy")
    array = ctx.SharedArray((2, 3), numpy.float32)
    assert array.dtype == numpy.float32
    inner = array.array
    inner[:] = [[1, 2, 3], [4, 5, 6]]
    process = ctx.Process(target=double, args=(array,))
    process.start()
    process.join(PATIENCE)
    assert process.exception is None
    assert inner.tolist() == [[2, 4, 6], [8, 10, 12]]
    assert numpy.shares_memory(numpy.asarray(array), inner)
    assert numpy.array(array).sum() == 42 and not numpy.shares_memory(numpy.array(array), inner)
    assert numpy.asarray(array, dtype="i8").dtype == numpy.int64
    del array
    gc.collect()
    assert inner.sum() == 42


def test_numpy_types() -> None:
    numpy = pytest.importorskip("numpy")
    array = mp.SharedArray(2, [("a", "i4"), ("b", "f8")])
    array.array["b"][1] = 2.5
    assert numpy.asarray(array)["b"].tolist() == [0, 2.5]
    assert mp.SharedArray(2, "complex128").array.dtype == numpy.complex128
    with pytest.raises(TypeError, match="objects cannot lie"):
        mp.SharedArray(2, object)
    with pytest.raises(TypeError, match="buffer cannot say"):
        mp.SharedArray(2, "datetime64[s]")
