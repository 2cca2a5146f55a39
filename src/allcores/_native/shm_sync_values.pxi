# AtomicInt and SharedArray: values in shared memory.

cdef inline int64_t int64_of(object value) except? -1:
    cdef int overflow = 0
    cdef long long number = PyLong_AsLongLongAndOverflow(value, &overflow)
    if overflow:
        raise OverflowError(f"{value} does not fit into 64 signed bits; the value is unchanged")
    return number


@cython.no_gc_clear
cdef class AtomicInt(SharedObject):
    """AtomicInt(value=0, *, ctx=None)\n--\n
    A signed 64-bit number between processes that is changed in one step.

    Parameters
    ----------
    value : int, default 0
    ctx : BaseContext
        The context that it belongs to; not used.

    Raises
    ------
    OverflowError
        A value, an argument or a sum needs more than 64 signed bits. The value is unchanged. (All methods.)

    Notes
    -----
    As `allcores.threading.AtomicInt`, between all threads of all processes that have it; ``a += n`` is
    `fetch_add` without its result. No lock, so that nobody's death leaves one: each call is one atomic step
    (csrc/sync/ac_atomic_int.h). It reaches children by inheritance or as an argument of a `Process`.

    Examples
    --------
    >>> from allcores import multiprocessing as mp
    >>> a = mp.AtomicInt(40)
    >>> a.fetch_add(1); a += 1; a.load()
    40
    42
    """

    cdef ac_atomic_int *core

    def __init__(self, value=0, *, ctx=None):
        cdef int64_t number = int64_of(value)
        unused(self)
        self.adopt(new_block(False), None)
        ac_atomic_int_store(self.core, number)

    cdef int adopt(self, Block block, object extra) except -1:
        self.core = <ac_atomic_int *>block.at
        self.block = block
        return 0

    def __repr__(self):
        return f"{type(self).__name__}({self.load() if self.block is not None else 'not initialised'})"

    def __int__(self):
        return self.load()

    def __index__(self):
        return self.load()

    def __bool__(self):
        return self.load() != 0

    def __format__(self, spec):
        return format(self.load(), spec)

    def load(self):
        """Return the value."""
        checked(self)
        return ac_atomic_int_load(self.core)

    def store(self, value):
        """Replace the value."""
        checked(self)
        ac_atomic_int_store(self.core, int64_of(value))

    def exchange(self, value):
        """Replace the value and return the one before."""
        return int_apply(self, AC_INT_SET, value)

    def compare_exchange(self, expected, new):
        """Replace the value by `new` if it is `expected`; return whether it was."""
        cdef int64_t old = int64_of(expected)
        checked(self)
        return ac_atomic_int_cas(self.core, old, int64_of(new))

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
        """Flip the bits of `mask` and return the value before."""
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


cdef object int_apply(AtomicInt self, ac_int_op op, object n):
    cdef int64_t before = 0, value = int64_of(n)
    checked(self)
    if not ac_atomic_int_apply(self.core, op, value, &before):
        verb = "adding" if op == AC_INT_ADD else "subtracting"
        raise OverflowError(f"{verb} {value} would pass 64 signed bits; the value is unchanged")
    return before


cdef enum:
    MOST_DIMENSIONS = 32


@cython.auto_pickle(False)
@cython.no_gc_clear
cdef class ArrayMemory:
    """ArrayMemory(shape, format, itemsize)\n--\n
    A segment of shared memory seen as an array; the base of `allcores.multiprocessing.SharedArray`.

    Notes
    -----
    The memory is unmapped when the last view of it in the process is gone, and freed when the last process
    that has it has ended.
    """

    cdef ac_shm_region region
    cdef bytes form
    cdef readonly Py_ssize_t itemsize
    cdef readonly Py_ssize_t nbytes
    cdef readonly tuple shape
    cdef Py_ssize_t lengths[MOST_DIMENSIONS]
    cdef Py_ssize_t steps[MOST_DIMENSIONS]
    cdef object __weakref__

    def __cinit__(self, *args, **kwargs):
        memset(&self.region, 0, sizeof(self.region))
        self.region.fd = -1

    def __init__(self, shape, format, itemsize):
        cdef int err
        if self.region.base != NULL:
            raise RuntimeError(f"{type(self).__name__}.__init__ was called a second time")
        array_begin(self, shape, format, itemsize)
        err = ac_shm_region_create(&self.region, max(self.nbytes, 1))
        if err == 0:
            err = ac_shm_region_back(&self.region, 0, max(self.nbytes, 1))
        if err != 0:
            ac_shm_region_close(&self.region)
            raise_memory(err, f"cannot make a shared array of {self.nbytes} bytes")

    def __dealloc__(self):
        ac_shm_region_close(&self.region)

    def _attach(self, fd, shape, format, itemsize):
        cdef int err
        array_begin(self, shape, format, itemsize)
        err = ac_shm_region_attach(&self.region, fd)
        if err != 0:
            os.close(fd)
            raise_memory(err, "cannot open the shared array that was inherited")
        if <Py_ssize_t>self.region.bytes < self.nbytes:
            raise ValueError(f"the segment has {self.region.bytes} bytes, the array {self.nbytes}")

    def _fileno(self):
        return self.region.fd

    @property
    def format(self):
        """The format of an element, as `struct` has it."""
        return self.form.decode()

    def __getbuffer__(self, Py_buffer *buffer, int flags):
        if self.region.base == NULL:
            raise BufferError("this shared array was not initialised")
        if len(self.shape) > 1 and (flags & PyBUF_F_CONTIGUOUS) == PyBUF_F_CONTIGUOUS:
            raise BufferError("a shared array has its rows one after another (C order)")
        buffer.buf = self.region.base
        buffer.obj = self
        buffer.len = self.nbytes
        buffer.itemsize = self.itemsize
        buffer.readonly = 0
        buffer.ndim = len(self.shape)
        buffer.format = <char *>self.form if flags & PyBUF_FORMAT else NULL
        buffer.shape = self.lengths if flags & PyBUF_ND else NULL
        buffer.strides = self.steps if (flags & PyBUF_STRIDES) == PyBUF_STRIDES else NULL
        buffer.suboffsets = NULL
        buffer.internal = NULL


cdef int array_begin(ArrayMemory self, object shape, str format, Py_ssize_t itemsize) except -1:
    cdef Py_ssize_t at, step = itemsize
    if hasattr(shape, "__index__"):
        shape = (shape,)
    try:
        lengths = tuple([length.__index__() for length in shape])
    except (AttributeError, TypeError):
        raise TypeError(f"shape must be an int or a tuple of ints, not {shape!r}") from None
    if len(lengths) > MOST_DIMENSIONS:
        raise ValueError(f"an array has at most {MOST_DIMENSIONS} dimensions, not {len(lengths)}")
    total = itemsize
    for length in lengths:
        if length < 0:
            raise ValueError(f"lengths must not be negative: {lengths}")
        total *= length
    if total > 1 << 46:
        raise MemoryError(f"a shared array of {total} bytes is more than any process can map")
    self.shape = lengths
    self.form = format.encode()
    self.itemsize = itemsize
    self.nbytes = total
    for at in range(len(lengths) - 1, -1, -1):
        self.lengths[at] = lengths[at]
        self.steps[at] = step
        step *= max(lengths[at], 1)
    return 0
