# WaitRow: the waiters of a Condition or a Barrier (ac_shared_row), each in a Place.

@cython.no_gc_clear
cdef class WaitRow(SharedObject):
    """WaitRow()\n--\n
    A row of waiters between processes; the dead are passed over. For Condition and Barrier.

    Notes
    -----
    `answer`, `enter` and `count` are called under the lock of what is waited for. Room for 2,700 at once.
    """

    cdef ac_shared_row *core

    def __init__(self):
        unused(self)
        self.adopt(new_block(True), None)

    cdef int adopt(self, Block block, object extra) except -1:
        self.core = <ac_shared_row *>block.at
        self.block = block
        ac_shared_row_backed(self.core, places_in(PAGE_BYTES))
        return 0

    def enter(self):
        """Take a place, and wait in it from now on."""
        cdef Place place = Place.__new__(Place)
        checked(self)
        place.row = self
        place_enter(place)
        return place

    def answer(self, uint32_t count, uint32_t answer):
        """Give up to `count` waiters, longest first, an answer of 2 or more; return how many."""
        checked(self)
        return ac_shared_row_answer(self.core, count, answer, me())

    def count(self):
        """Return how many wait and live."""
        checked(self)
        return ac_shared_row_count(self.core, me())


cdef uint32_t places_in(size_t nbytes) noexcept:
    return (nbytes - sizeof(ac_shared_row)) // sizeof(ac_shared_place)


@cython.auto_pickle(False)
cdef class Place:
    """A place in a `WaitRow`: of one wait."""

    cdef WaitRow row
    cdef uint32_t at
    cdef uint32_t born      # generation of the process that has it
    cdef bint over

    def wait(self, timeout):
        """Sleep until there is an answer; return it, or 1 if the time is over."""
        cdef int64_t deadline = deadline_after(timeout), until
        cdef ac_wait_status status
        cdef ac_slices slices = ac_slices(length_ns=0)
        cdef ac_shared_row *core = self.row.core
        cdef uint32_t state
        while True:
            if self.born != generation:
                # A signal handler forked, and this is the child: the place was the parent's.
                place_enter(self)
            state = ac_shared_row_state(core, self.at)
            if state != AC_ROW_WAITING or deadline == 0 or ac_now_ns() >= deadline:
                return state
            until = ac_slices_end(&slices, deadline)
            with nogil:
                status = ac_shared_row_sleep(core, self.at, until)
            slept_slice(&slices, status)

    def leave(self):
        """Give the place back; return the answer, or 1 if there was none and will be none."""
        if self.over or self.born != generation:
            return AC_ROW_WAITING
        self.over = True
        return ac_shared_row_leave(self.row.core, self.at)

    def __dealloc__(self):
        # A wait that was never ended: the exception came between two instructions.
        if self.row is not None and not self.over and self.born == generation:
            ac_shared_row_leave(self.row.core, self.at)


cdef int place_enter(Place self) except -1:
    cdef ac_shared_row *core = self.row.core
    cdef Block block = self.row.block
    cdef uint32_t backed, at
    cdef size_t pages
    cdef int err
    cdef bint reaped = False
    self.over = True  # until it is ours
    while True:
        at = ac_shared_row_enter(core, me())
        if at != AC_ROW_FULL:
            break
        if not reaped:
            reaped = True
            if ac_shared_row_reap_all(core, me(), True) > 0:
                continue
        backed = load_u32(&core.backed)
        pages = 1
        while places_in(pages * PAGE_BYTES) <= backed:
            pages += 1
        if pages * PAGE_BYTES > ROW_BYTES:
            raise RuntimeError(f"{backed} threads and processes wait here already, which is the most")
        err = ac_shm_region_back(&block.slab.region, block.number * ROW_BYTES, pages * PAGE_BYTES)
        if err != 0:
            raise_memory(err, "cannot give a row of waiters more memory")
        block.mine = False  # it is not used again: only its first page would be cleared
        ac_shared_row_backed(core, places_in(pages * PAGE_BYTES))
    self.at = at
    self.born = generation
    self.over = False
    return 0
