"""Which objects are C functions and addresses for for_range, and what is said of those that are not."""

import ctypes
import sys

import pytest

from allcores import parallel
from allcores.parallel.pointers import context_pointer, function_address

FUNCTION = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_int32
)
SIGNATURE = "int (void *, int64_t, int64_t, int32_t)"


def address_of(function) -> int:
    return ctypes.cast(function, ctypes.c_void_p).value


def capsule(address: int, name: bytes | None):
    new = ctypes.pythonapi.PyCapsule_New
    new.restype, new.argtypes = ctypes.py_object, (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)
    return new(address, name, None)


def test_ctypes_functions(library) -> None:
    plain = address_of(library.mark)
    assert function_address(library.mark) == plain
    assert function_address(FUNCTION(plain)) == plain
    with pytest.raises(ValueError, match="null pointer"):
        function_address(FUNCTION())


@pytest.mark.parametrize("how", ["itself", "cast", "cast twice"])
def test_a_ctypes_callback_into_python_is_refused_with_the_reason(how: str) -> None:
    called = []
    fn = FUNCTION(lambda ctx, lo, hi, worker: called.append(lo) or 0)
    if how == "cast":
        fn = ctypes.cast(fn, FUNCTION)
    elif how == "cast twice":
        fn = ctypes.cast(ctypes.cast(fn, ctypes.c_void_p), FUNCTION)
    with pytest.raises(TypeError, match=r"callback into Python.* take the GIL"):
        parallel.for_range(fn, 10)
    assert not called


def test_ctypes_functions_with_the_wrong_signature_are_refused(library_path) -> None:
    fn = ctypes.CDLL(str(library_path)).wrong  # one of its own: argtypes stay with the function
    fn.argtypes, fn.restype = (ctypes.c_double,), ctypes.c_double
    with pytest.raises(TypeError, match=r"argtypes are \(c_double\)"):
        function_address(fn)
    fn.argtypes = FUNCTION._argtypes_
    with pytest.raises(TypeError, match="restype is c_double"):
        function_address(fn)
    with pytest.raises(TypeError, match="needs the GIL"):
        function_address(ctypes.pythonapi.Py_IsInitialized)


def test_capsules(library) -> None:
    plain = address_of(library.mark)
    for name in (SIGNATURE, "int (void *, long, long, int)", "int(void*,int64_t,int64_t,int32_t)"):
        held = name.encode()  # a capsule keeps the pointer to its name
        assert function_address(capsule(plain, held)) == plain
    marks = bytearray(10)
    held = SIGNATURE.encode()
    parallel.for_range(capsule(plain, held), 10, marks)
    assert marks == b"\1" * 10
    for wrong in (b"double (double)", b"int (void *, int32_t, int64_t, int32_t)", b"x", None):
        with pytest.raises(TypeError, match="PyCapsule with the name"):
            function_address(capsule(plain, wrong))


def test_a_capsule_as_context(library) -> None:
    raw = (ctypes.c_ubyte * 10)()
    held = b"anything"
    parallel.for_range(library.mark, 10, capsule(ctypes.addressof(raw), held))
    assert bytes(raw) == b"\1" * 10


def test_context_addresses() -> None:
    raw = (ctypes.c_ubyte * 10)()
    for same in (raw, ctypes.byref(raw), ctypes.c_void_p(ctypes.addressof(raw)), memoryview(raw)):
        address, release = context_pointer(same)
        assert address == ctypes.addressof(raw)
        release()
    assert context_pointer(None)[0] == 0
    assert context_pointer(ctypes.c_void_p())[0] == 0


def test_cffi(library_path, library) -> None:
    cffi = pytest.importorskip("cffi", reason="cffi is not installed")
    ffi = cffi.FFI()
    ffi.cdef(
        "int mark(void *ctx, int64_t lo, int64_t hi, int32_t worker); double wrong(double x);"
    )
    lib = ffi.dlopen(str(library_path))
    marks = ffi.new("unsigned char[10]")
    parallel.for_range(lib.mark, 10, marks, threads=2, schedule="dynamic", grain=1)
    assert bytes(ffi.buffer(marks)) == b"\1" * 10
    cast = ffi.cast("int(*)(void *, int64_t, int64_t, int32_t)", address_of(library.mark))
    parallel.for_range(cast, 10, marks)
    assert bytes(ffi.buffer(marks)) == b"\2" * 10
    with pytest.raises(TypeError, match=r"cffi's <double\(\*\)\(double\)>"):
        parallel.for_range(lib.wrong, 10, marks)
    with pytest.raises(TypeError, match="expected a pointer to int fn"):
        parallel.for_range(marks, 10, marks)
    callback = ffi.callback("int(void *, int64_t, int64_t, int32_t)", lambda *_: 0)
    with pytest.raises(TypeError, match="cffi callback into Python"):
        parallel.for_range(callback, 10)


def test_numba() -> None:
    numba = pytest.importorskip("numba", reason="Numba is not installed")
    numpy = pytest.importorskip("numpy")

    @numba.cfunc("int32(CPointer(float64), int64, int64, int32)", nopython=True)
    def halve(values, lo, hi, worker):
        for i in range(lo, hi):
            values[i] *= 0.5
        return 0

    values = numpy.arange(100_000.0)
    parallel.for_range(halve, len(values), values, threads=3)
    assert (values == numpy.arange(100_000.0) / 2).all()
    parallel.for_range(halve.ctypes, len(values), values)
    assert (values == numpy.arange(100_000.0) / 4).all()

    @numba.njit
    def not_c(lo):
        return lo

    with pytest.raises(TypeError, match=r"numba\.cfunc"):
        parallel.for_range(not_c, 10)

    @numba.cfunc("float64(float64)")
    def other(x):
        return x

    with pytest.raises(TypeError, match="Numba's signature"):
        parallel.for_range(other, 10)


def test_nothing_of_others_is_imported() -> None:
    import subprocess

    code = (
        "import sys; from allcores import parallel\n"
        "try: parallel.for_range(print, 3)\n"
        "except TypeError: print(sorted({'ctypes', 'cffi', 'numba', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout == "[]\n", done.stderr
