"""The compiled half of for_range: buffers that are held, capsules, what run_range gives back."""

import ctypes

import pytest

from allcores._native import runtime, sched


def test_a_held_buffer_cannot_be_resized_until_released() -> None:
    memory = bytearray(16)
    held = sched.HeldBuffer(memory)
    assert held.address == ctypes.addressof(ctypes.c_char.from_buffer(memory))
    with pytest.raises(BufferError):
        memory.append(1)
    held.release()
    held.release()
    del held
    memory.append(1)
    sched.HeldBuffer(memory)  # dropped, not released
    memory.append(1)
    with pytest.raises(TypeError):
        sched.HeldBuffer("text")
    never = sched.HeldBuffer.__new__(sched.HeldBuffer)
    never.release()


def test_the_table_is_a_capsule() -> None:
    assert sched.capsule_name(runtime.api) == "allcores._native.runtime.api"
    version, size = (ctypes.c_uint32 * 2).from_address(sched.capsule_address(runtime.api))
    assert version == 1
    assert size == 8 + 6 * ctypes.sizeof(ctypes.c_void_p)
    with pytest.raises(ValueError, match="PyCapsule"):
        sched.capsule_address(3)


def test_run_range_gives_back_what_failed(request: pytest.FixtureRequest) -> None:
    # abs: int abs(int) reads its first argument, the context, and returns it: 0, or something else
    address = ctypes.cast(ctypes.CDLL(None).abs, ctypes.c_void_p).value
    assert sched.run_range(address, 0, 100, 2, "static", None, None) is None
    assert sched.run_range(address, 7, 5, 1, "static", None, None) == (7, 0, 5)
