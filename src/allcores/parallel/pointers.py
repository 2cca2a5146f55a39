"""From what holds a C function or memory to its address: ctypes, cffi, Numba, capsules, buffers.

ctypes, cffi and Numba are looked at only if the program has imported them: an object of theirs cannot
come from a program that has not.
"""

import sys
from collections.abc import Callable
from typing import Any, TypeAlias

from allcores._native.sched import HeldBuffer, capsule_address, capsule_name

SIGNATURE = "int fn(void *ctx, int64_t lo, int64_t hi, int32_t worker)"
ACCEPTED = (
    "a ctypes function pointer, a Numba cfunc, a cffi function pointer, or a PyCapsule (Cython's "
    "__pyx_capi__ holds them)"
)

#: An address, and what must live as long as it is used.
Pointer: TypeAlias = tuple[int, Callable[[], object]]

# Names of a capsule, without spaces; Cython writes the signature there, with its spelling of the types.
_VOID = "void*"
_INT64 = ("int64_t", "long", "longlong", "Py_ssize_t", "ssize_t", "ptrdiff_t", "intptr_t")
_INT32 = ("int32_t", "int")


def function_address(fn: object) -> int:
    """Return the address of a C function of the signature `SIGNATURE`.

    Raises
    ------
    TypeError
        It is none, has another signature, or leads back into Python; the message says which.
    ValueError
        It is a null pointer.
    """
    for look in (_ctypes_function, _cffi_function, _numba_function, _capsule_function):
        address = look(fn)
        if address is not None:
            if address == 0:
                raise ValueError(f"fn is a null pointer; expected the address of {SIGNATURE}")
            return address
    if isinstance(fn, int):
        raise TypeError(
            "fn is an int, and a number does not say what lies there; make it a function with "
            "ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, "
            f"ctypes.c_int32)({fn})"
        )
    if hasattr(fn, "__pyx_capi__"):
        raise TypeError(f"fn is a module; take one function of it: {fn}.__pyx_capi__['name']")
    if callable(fn):
        raise TypeError(
            f"fn is a {type(fn).__name__}, which only the interpreter can call; for_range takes "
            f"{ACCEPTED}. For a function written in Python there is parallel.map"
        )
    raise TypeError(f"fn must be {ACCEPTED}, not {type(fn).__name__}")


def _ctypes_function(fn: Any) -> int | None:
    ctypes = sys.modules.get("ctypes")
    if ctypes is None or not isinstance(fn, ctypes._CFuncPtr):
        return None
    if _calls_python(fn, set()):
        raise TypeError(
            "fn is a ctypes callback into Python: each chunk would take the GIL and run in the "
            "interpreter, one thread at a time, and slower than a plain loop. Compile it (Numba's "
            "cfunc, Cython, cffi), or use parallel.map"
        )
    if fn._flags_ & 4:  # FUNCFLAG_PYTHONAPI
        raise TypeError(
            "fn is a function of ctypes.PyDLL or PYFUNCTYPE, which needs the GIL; for_range runs "
            "without it. Load the library with ctypes.CDLL"
        )
    if fn.argtypes is not None:
        sizes = [ctypes.sizeof(one) for one in fn.argtypes if hasattr(one, "_type_")]
        kinds = [getattr(one, "_type_", None) for one in fn.argtypes]
        floats = any(kind in ("d", "f", "g") for kind in kinds)
        if sizes != [ctypes.sizeof(ctypes.c_void_p), 8, 8, 4] or floats:
            names = ", ".join(getattr(one, "__name__", str(one)) for one in fn.argtypes)
            raise TypeError(f"fn's argtypes are ({names}); expected those of {SIGNATURE}")
        if fn.restype is None or getattr(fn.restype, "_type_", None) not in ("i", "l"):
            raise TypeError(
                f"fn's restype is {getattr(fn.restype, '__name__', fn.restype)}; expected c_int, "
                f"as in {SIGNATURE}"
            )
    return ctypes.cast(fn, ctypes.c_void_p).value or 0


def _calls_python(obj: Any, seen: set[int]) -> bool:
    """Whether a ctypes object holds the stub of a callback, also that of what it was cast from."""
    if type(obj).__name__ == "CThunkObject":
        return True
    if id(obj) in seen:
        return False
    seen.add(id(obj))
    kept = getattr(obj, "_objects", None)
    return isinstance(kept, dict) and any(_calls_python(one, seen) for one in kept.values())


def _cffi_address(obj: Any) -> int | None:
    cffi = sys.modules.get("_cffi_backend")
    if cffi is None or not isinstance(obj, cffi._CDataBase):
        return None
    return int(cffi.FFI().cast("uintptr_t", obj))


def _cffi_function(fn: Any) -> int | None:
    cffi = sys.modules.get("_cffi_backend")
    if cffi is None:
        return None
    if not isinstance(fn, cffi._CDataBase):
        if type(fn).__name__ == "builtin_function_or_method" and type(fn.__self__).__name__ == "Lib":
            raise TypeError(
                f"fn is cffi's wrapper of {fn.__name__}; the pointer is "
                f"ffi.addressof(lib, {fn.__name__!r})"
            )
        return None
    kind = cffi.typeof(fn)
    if kind.kind != "function":
        raise TypeError(f"fn is cffi's <{kind.cname}>; expected a pointer to {SIGNATURE}")
    if " calling " in repr(fn):
        raise TypeError(
            "fn is a cffi callback into Python: each chunk would take the GIL and run in the "
            "interpreter. Write it in C, or use parallel.map"
        )
    sizes = [cffi.FFI().sizeof(one) for one in kind.args]
    if sizes != [8, 8, 8, 4] or kind.args[0].kind != "pointer" or kind.result.cname not in (
        "int",
        "int32_t",
    ):
        raise TypeError(f"fn is cffi's <{kind.cname}>; expected a pointer to {SIGNATURE}")
    return _cffi_address(fn)


def _numba_function(fn: Any) -> int | None:
    if "numba" not in sys.modules or not type(fn).__module__.startswith("numba"):
        return None
    if not (hasattr(fn, "address") and hasattr(fn, "native_name")):
        raise TypeError(
            f"fn is Numba's {type(fn).__name__}, which only the interpreter can call; compile it "
            'with @numba.cfunc("int32(voidptr, int64, int64, int32)", nopython=True)'
        )
    signature = getattr(fn, "_sig", None)
    if signature is not None:
        names = [str(one) for one in signature.args]
        pointer = bool(names) and (names[0] == "voidptr" or names[0].endswith("*"))
        if not pointer or names[1:] != ["int64", "int64", "int32"] or str(
            signature.return_type
        ) != "int32":
            raise TypeError(
                f"fn has Numba's signature {signature}; expected (voidptr, int64, int64, int32) -> "
                "int32"
            )
    return int(fn.address)


def _is_capsule(obj: object) -> bool:
    return type(obj).__name__ == "PyCapsule" and type(obj).__module__ == "builtins"


def _capsule_function(fn: object) -> int | None:
    if not _is_capsule(fn):
        return None
    name = capsule_name(fn)
    if name is None or not _names_the_signature(name):
        raise TypeError(
            f"fn is a PyCapsule with the name {name!r}; expected the function's signature, "
            "'int (void *, int64_t, int64_t, int32_t)', as Cython's __pyx_capi__ has it"
        )
    return capsule_address(fn)


def _names_the_signature(name: str) -> bool:
    result, opening, rest = name.replace(" ", "").partition("(")
    arguments = rest.removesuffix(")").split(",")
    if not opening or not rest.endswith(")") or len(arguments) != 4:
        return False
    return (
        result in _INT32
        and arguments[0] == _VOID
        and all(one in _INT64 for one in arguments[1:3])
        and arguments[3] in _INT32
    )


def context_pointer(ctx: Any) -> Pointer:
    """Return the address that a function is given as ``ctx``, and how to let go of it.

    Raises
    ------
    TypeError
        It is nothing that has an address.
    """
    if ctx is None:
        return 0, _nothing
    if isinstance(ctx, int):
        raise TypeError(
            f"ctx is an int; to pass an address, write ctypes.c_void_p({ctx}); to pass a number, "
            "put it into a buffer or a ctypes structure"
        )
    address = _ctypes_data(ctx)
    if address is None:
        address = _cffi_address(ctx)
    if address is None and _is_capsule(ctx):
        address = capsule_address(ctx)
    if address is not None:
        return address, _nothing
    try:
        held = HeldBuffer(ctx)
    except TypeError:
        raise TypeError(
            f"ctx must be None, a buffer, ctypes or cffi data, or a PyCapsule, not "
            f"{type(ctx).__name__}"
        ) from None
    return held.address, held.release


def _ctypes_data(ctx: Any) -> int | None:
    ctypes = sys.modules.get("ctypes")
    if ctypes is None:
        return None
    pointers = (ctypes._Pointer, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_wchar_p)
    if isinstance(ctx, pointers) or type(ctx).__name__ == "CArgObject":
        return ctypes.cast(ctx, ctypes.c_void_p).value or 0
    if isinstance(ctx, ctypes._SimpleCData | ctypes.Structure | ctypes.Union | ctypes.Array):
        return int(ctypes.addressof(ctx))
    return None


def _nothing() -> None:
    return None
