# Slabs: segments without a name (a sealed memfd each) that many small objects share, and how the objects
# reach other processes. A child that was forked has the mapping; a spawned one is passed the descriptor,
# once for each segment however many objects lie in it, because pickle knows that it has seen it.

cdef enum:
    LINE_BYTES = 64          # a lock, a semaphore, an event, a number: one cache line each
    LINES = 1024             # so many to a segment; all of it has memory from the start
    ROW_BYTES = 1 << 16      # a row of waiters, owned permits: pages get memory when they are needed
    ROWS = 64
    PAGE_BYTES = 4096

# The segments that new objects are made in; none in a child that has just been forked.
line_slab = None
row_slab = None


cdef void forget_slabs():
    # The parent goes on to hand out places in its segments: the child begins its own.
    global line_slab, row_slab
    line_slab = row_slab = None


cdef int raise_memory(int err, str what) except -1:
    if err == ENOMEM or err == ENOSPC:
        raise MemoryError(f"{what}: the machine, the container or this process (ulimit -v) has no more "
                          "memory for it")
    if err == EMFILE or err == ENFILE:
        raise OSError(err, f"{what}: {os.strerror(err)}; close some files, or raise 'ulimit -n'")
    raise OSError(err, f"{what}: {os.strerror(err)}")


@cython.auto_pickle(False)
@cython.no_gc
cdef class Slab:
    """A segment of shared memory that is divided into blocks of one size."""

    cdef ac_shm_region region
    cdef size_t unit
    cdef list free  # numbers of blocks that nobody has; empty where this process is not the maker
    cdef object __weakref__

    def __cinit__(self):
        memset(&self.region, 0, sizeof(self.region))
        self.region.fd = -1

    def __dealloc__(self):
        ac_shm_region_close(&self.region)

    def __reduce__(self):
        from multiprocessing.reduction import DupFd

        return _attach_slab, (DupFd(self.region.fd), self.unit)


cdef Slab make_slab(size_t unit, size_t count):
    cdef Slab slab = Slab.__new__(Slab)
    cdef int err = ac_shm_region_create(&slab.region, unit * count)
    if err == 0 and unit == LINE_BYTES:
        err = ac_shm_region_back(&slab.region, 0, unit * count)
    if err != 0:
        raise_memory(err, "cannot make a segment of shared memory")
    slab.unit = unit
    slab.free = list(range(count - 1, -1, -1))
    return slab


def _attach_slab(descriptor, size_t unit):
    cdef Slab slab = Slab.__new__(Slab)
    cdef int fd = descriptor.detach()
    cdef int err = ac_shm_region_attach(&slab.region, fd)
    if err != 0:
        os.close(fd)
        raise_memory(err, f"cannot open the shared memory behind descriptor {fd}, which was inherited")
    slab.unit = unit
    slab.free = []
    return slab


@cython.auto_pickle(False)
@cython.no_gc
cdef class Block:
    """One object's place in a `Slab`. It is used again only if no other process can know of it."""

    cdef Slab slab
    cdef size_t number
    cdef uint8_t *at
    cdef uint64_t born      # forks of this process when it was made
    cdef uint32_t maker     # generation of the process that made it
    cdef bint mine          # made here, and never pickled

    def __dealloc__(self):
        if self.slab is not None and self.mine and self.maker == generation and self.born == forks:
            # A row may have pages with memory by now: they are kept, and cleared.
            memset(self.at, 0, LINE_BYTES if self.slab.unit == LINE_BYTES else PAGE_BYTES)
            self.slab.free.append(self.number)

    def __reduce__(self):
        self.mine = False
        return _attach_block, (self.slab, self.number)


cdef Block new_block(bint row):
    # Zero-filled; of a row the first page has memory.
    global line_slab, row_slab
    cdef Block block = Block.__new__(Block)
    cdef Slab slab
    cdef int err
    while True:
        slab = row_slab if row else line_slab
        if slab is None:
            slab = make_slab(ROW_BYTES, ROWS) if row else make_slab(LINE_BYTES, LINES)
            if row:
                row_slab = slab
            else:
                line_slab = slab
        try:
            block.number = slab.free.pop()
            break
        except IndexError:
            # It is full: whoever has objects in it keeps it. Another thread may have been here before.
            if row and row_slab is slab:
                row_slab = None
            elif not row and line_slab is slab:
                line_slab = None
    block.at = slab.region.base + block.number * slab.unit
    if row:
        err = ac_shm_region_back(&slab.region, block.number * slab.unit, PAGE_BYTES)
        if err != 0:
            slab.free.append(block.number)
            raise_memory(err, "cannot give a row of waiters its memory")
    block.slab = slab
    block.born = forks
    block.maker = generation
    block.mine = True
    return block


def _attach_block(Slab slab, size_t number):
    cdef Block block = Block.__new__(Block)
    if (number + 1) * slab.unit > slab.region.bytes:
        raise ValueError(f"there is no block {number} in a segment of {slab.region.bytes} bytes")
    block.slab = slab
    block.number = number
    block.at = slab.region.base + number * slab.unit
    return block


# -- what all classes do ---------------------------------------------------------------------------

def _rebuild(cls, Block block, extra):
    obj = cls.__new__(cls)
    (<SharedObject?>obj).adopt(block, extra)
    return obj


@cython.auto_pickle(False)
@cython.no_gc_clear  # methods use the block until the very end
cdef class SharedObject:
    """An object whose state lies in a `Block`; the base of all classes here."""

    cdef Block block
    cdef object __weakref__
    cdef dict __dict__

    def __cinit__(self, *args, **kwargs):
        ac_lazy_dict(self)

    cdef int adopt(self, Block block, object extra) except -1:
        self.block = block
        return 0

    cdef object extra(self):
        return None

    def __reduce__(self):
        assert_spawning(self)
        checked(self)
        return _rebuild, (type(self), self.block, self.extra()), getattr(self, "__dict__") or None

    def __setstate__(self, state):
        getattr(self, "__dict__").update(state)  # what a subclass has set


cdef int checked(SharedObject self) except -1:
    if self.block is None:
        raise RuntimeError(
            f"{type(self).__name__}.__init__ was not called; a subclass that has its own "
            "must call super().__init__()"
        )
    return 0


cdef int unused(SharedObject self) except -1:
    if self.block is not None:
        raise RuntimeError(f"{type(self).__name__}.__init__ was called a second time")
    return 0


# -- waiting ---------------------------------------------------------------------------------------

# All threads sleep in slices (csrc/wait/ac_slices.h): the main thread looks for signals between them, and
# a wake may have died with its sender.

# When, and then how often, a waiter asks the kernel whether an owner is alive.
cdef int64_t FIRST_LOOK_NS = 200 * AC_NS_PER_MS
cdef int64_t LOOK_NS = 400 * AC_NS_PER_MS


cdef double seconds_of(object timeout) except? -1.0:
    try:
        return timeout
    except TypeError:
        raise TypeError(
            f"timeout must be a number of seconds or None, not {type(timeout).__name__}"
        ) from None


cdef int64_t deadline_after(object timeout) except -1:
    # None: for ever. Zero, negative and NaN: 0, do not wait. As multiprocessing's.
    cdef double seconds
    if timeout is None:
        return AC_FOREVER
    seconds = seconds_of(timeout)
    if not seconds > 0:
        return 0
    if seconds >= 9e9:  # 285 years, the end of the clock
        return AC_FOREVER
    return ac_deadline_after(<int64_t>(seconds * 1e9))


cdef inline int slept_slice(ac_slices *slices, ac_wait_status status) except -1:
    ac_slices_slept(slices, status == AC_WAIT_TIMEOUT)
    return PyErr_CheckSignals() if runtime_in_main_thread() else 0


cdef object owner_text(bint mine, bint is_free, bint here):
    # As multiprocessing's locks say it.
    if mine:
        name = std_process.current_process().name
        if threading.current_thread().name != "MainThread":
            name += "|" + threading.current_thread().name
        return name
    if is_free:
        return "None"
    return "SomeOtherThread" if here else "SomeOtherProcess"
