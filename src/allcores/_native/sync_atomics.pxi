# AtomicInt and AtomicRef: one value, changed in one step.

cdef inline int64_t int64_of(object value) except? -1:
    cdef int overflow = 0
    cdef long long number = PyLong_AsLongLongAndOverflow(value, &overflow)
    if overflow:
        raise OverflowError(f"{value} does not fit into 64 signed bits; the value is unchanged")
    return number


cdef int past_64_bits(AtomicInt self, ac_int_op op, int64_t value) except -1:
    raise OverflowError(
        f"{'adding' if op == AC_INT_ADD else 'subtracting'} {value} would pass 64 signed bits; "
        "the value is unchanged"
    )


cdef class AtomicInt:
    """AtomicInt(value=0)\n--\n
    A signed 64-bit number that is changed in one step.

    Parameters
    ----------
    value : int, default 0

    Raises
    ------
    OverflowError
        A value, an argument or a sum needs more than 64 signed bits. The value is unchanged. (All methods.)

    Notes
    -----
    Thread-safe throughout, each call one atomic step that is seen by all threads in one order;
    ``a += n`` is `fetch_add` without its result. ``int(a)``, an index and a format take the value.
    Equality and hash are the object's, not the value's: the value changes, and a key must not. A
    fork's child has its own copy; pickling is refused.

    Lock-free (csrc/sync/ac_atomic_int.h). On a free-threaded interpreter threads that do nothing but `fetch_add` on
    the same number take turns of some hundred microseconds (csrc/sync/ac_turn.h).

    Examples
    --------
    >>> from allcores.threading import AtomicInt
    >>> a = AtomicInt(40)
    >>> a.fetch_add(1); a += 1; a.load()
    40
    42
    """

    cdef ac_atomic_int core
    cdef ac_turn turn
    cdef object __weakref__
    cdef dict __dict__

    def __cinit__(self, *args, **kwargs):
        ac_lazy_dict(self)

    def __init__(self, value=0):
        ac_atomic_int_store(&self.core, int64_of(value))

    def __reduce_ex__(self, protocol):
        return refuse_pickle(self)

    def __repr__(self):
        return f"{type(self).__name__}({ac_atomic_int_load(&self.core)})"

    def __int__(self):
        return ac_atomic_int_load(&self.core)

    def __index__(self):
        return ac_atomic_int_load(&self.core)

    def __bool__(self):
        return ac_atomic_int_load(&self.core) != 0

    def __format__(self, spec):
        return format(ac_atomic_int_load(&self.core), spec)

    def load(self):
        """Return the value."""
        return ac_atomic_int_load(&self.core)

    def store(self, value):
        """Replace the value."""
        ac_atomic_int_store(&self.core, int64_of(value))

    def exchange(self, value):
        """Replace the value and return the one before."""
        return int_apply(self, AC_INT_SET, value)

    def compare_exchange(self, expected, new):
        """Replace the value by `new` if it is `expected`.

        Returns
        -------
        bool
            Whether it was.
        """
        cdef int64_t old = int64_of(expected)
        return ac_atomic_int_cas(&self.core, old, int64_of(new))

    def fetch_add(self, n=1):
        """Add `n` and return the value before."""
        return int_apply(self, AC_INT_ADD, n)

    def fetch_sub(self, n=1):
        """Subtract `n` and return the value before."""
        return int_apply(self, AC_INT_SUB, n)

    def fetch_and(self, mask):
        """Keep the bits of `mask` and return the value before."""
        return int_apply(self, AC_INT_AND, mask)

    def fetch_or(self, mask):
        """Set the bits of `mask` and return the value before."""
        return int_apply(self, AC_INT_OR, mask)

    def fetch_xor(self, mask):
        """Turn the bits of `mask` over and return the value before."""
        return int_apply(self, AC_INT_XOR, mask)

    def __iadd__(self, n):
        int_apply(self, AC_INT_ADD, n)
        return self

    def __isub__(self, n):
        int_apply(self, AC_INT_SUB, n)
        return self

    def __iand__(self, mask):
        int_apply(self, AC_INT_AND, mask)
        return self

    def __ior__(self, mask):
        int_apply(self, AC_INT_OR, mask)
        return self

    def __ixor__(self, mask):
        int_apply(self, AC_INT_XOR, mask)
        return self


cdef inline object int_apply(AtomicInt self, ac_int_op op, object value):
    cdef int64_t number = int64_of(value), before = 0
    if not ac_atomic_int_apply(&self.core, op, number, &before):
        past_64_bits(self, op, number)
    return before


cdef entry slow_int_add


cdef object fast_int_add(AtomicInt self, PyObject **args, Py_ssize_t nargs, PyObject *kwnames):
    if nargs == 1 and kwnames == NULL:
        ac_entry_turn(&self.turn)
        return int_apply(self, AC_INT_ADD, <object>args[0])
    return slow_int_add(self, args, nargs, kwnames)


cdef extern from *:
    """
    #define AC_REF_SLOT(ref) (&(ref)->value)
    """
    PyObject **AC_REF_SLOT(AtomicRef ref)


cdef class AtomicRef:
    """AtomicRef(obj=None)\n--\n
    A reference that is exchanged in one step.

    Parameters
    ----------
    obj : object
        What it refers to at first.

    Notes
    -----
    Thread-safe throughout, each call one atomic step. Objects are compared by identity. An object that
    is replaced may end in the call that replaced it, after the step; its ``__del__`` may use this
    reference. The cycle collector sees the object. A fork's child has its own copy; pickling is refused.

    With a GIL the GIL makes the step, without one a lock of a few instructions.

    Examples
    --------
    >>> from allcores.threading import AtomicRef
    >>> config = AtomicRef({"size": 1})
    >>> old = config.load()
    >>> config.compare_exchange(old, {**old, "size": 2}), config.load()
    (True, {'size': 2})
    """

    cdef object value
    cdef ac_mutex mutex
    cdef object __weakref__
    cdef dict __dict__

    __class_getitem__ = classmethod(GenericAlias)

    def __cinit__(self, *args, **kwargs):
        ac_lazy_dict(self)

    def __init__(self, obj=None):
        ac_ref_exchange(AC_REF_SLOT(self), &self.mutex, obj)

    def __reduce_ex__(self, protocol):
        return refuse_pickle(self)

    def __repr__(self):
        return f"{type(self).__name__}({self.load()!r})"

    def load(self):
        """Return the object."""
        return ac_ref_load(AC_REF_SLOT(self), &self.mutex)

    def store(self, obj):
        """Replace the object."""
        ac_ref_exchange(AC_REF_SLOT(self), &self.mutex, obj)

    def exchange(self, obj):
        """Replace the object and return the one before."""
        return ac_ref_exchange(AC_REF_SLOT(self), &self.mutex, obj)

    def compare_exchange(self, expected, new):
        """Replace the object by `new` if it is (``is``) `expected`.

        Returns
        -------
        bool
            Whether it was.
        """
        return ac_ref_compare_exchange(AC_REF_SLOT(self), &self.mutex, expected, new)
