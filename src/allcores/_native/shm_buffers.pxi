# shm_buffers.pxi - memory that messages with buffers are received in; a part of shm.pyx.
#
# A large block is mapped with huge pages, and kept for the next one when the last view of it is gone
# (csrc/sched/ac_keeper.h): fresh pages cost a 32 MB array twice what its copy costs. What is kept is
# the system's to take when it runs short.

cdef extern from "sched/ac_keeper.h" nogil:
    ctypedef struct ac_keeper:
        pass
    void *ac_keeper_take(ac_keeper *k, size_t bytes, size_t *got)
    bint ac_keeper_put(ac_keeper *k, void *block, size_t bytes, void (*free)(void *, size_t) noexcept nogil)
    void ac_keeper_after_fork(ac_keeper *k)

cdef extern from "sys/mman.h" nogil:
    enum:
        PROT_READ
        PROT_WRITE
        MAP_PRIVATE
        MAP_ANONYMOUS
        MADV_FREE
        MADV_HUGEPAGE
    void *MAP_FAILED
    void *mmap(void *addr, size_t n, int prot, int flags, int fd, long offset)
    int munmap(void *addr, size_t n)
    int madvise(void *addr, size_t n, int advice)

cdef enum:
    MAPPED = 1 << 20       # smaller blocks are malloc's, which keeps them itself; arbitrary
    HUGE = 1 << 21         # bytes of a huge page of x86-64; elsewhere a waste of at most as many
    BUFFER_ALIGN = 64      # of buffers in a message: here, and as far as records allow in the lane
    RECORD_HEADER = 24     # sizeof(ac_shm_record): a payload starts so far behind a multiple of 32

cdef ac_keeper KEPT
memset(&KEPT, 0, sizeof(KEPT))


cdef void unmap(void *block, size_t room) noexcept nogil:
    munmap(block, room)


def _forget_kept():
    ac_keeper_after_fork(&KEPT)


os.register_at_fork(after_in_child=_forget_kept)


@cython.final
cdef class _Buffer:
    # The payload of a message, writable, as `data` has it in the lane: 24 behind a multiple of 64.
    cdef void *block
    cdef size_t room     # of a mapped block; 0: malloc's
    cdef uint8_t *data
    cdef size_t bytes

    def __cinit__(self):
        self.block = NULL
        self.room = 0
        self.data = NULL
        self.bytes = 0

    def __dealloc__(self):
        if self.room == 0:
            free(self.block)
            return
        # From now on it may be taken from us; who writes to a page of it has that page again.
        madvise(self.block, self.room, MADV_FREE)
        if not ac_keeper_put(&KEPT, self.block, self.room, unmap):
            munmap(self.block, self.room)

    def __getbuffer__(self, Py_buffer *view, int flags):
        PyBuffer_FillInfo(view, self, self.data, <Py_ssize_t>self.bytes, 0, flags)


cdef _Buffer buffer_of(size_t n):
    cdef _Buffer made = _Buffer.__new__(_Buffer)
    cdef size_t wanted = n + RECORD_HEADER + BUFFER_ALIGN
    cdef void *block
    if wanted < MAPPED:
        block = malloc(wanted)
        if block == NULL:
            raise MemoryError(f"no memory for a message of {n} bytes")
        made.block = block
        made.data = <uint8_t *>((<size_t>block + BUFFER_ALIGN - 1) // BUFFER_ALIGN * BUFFER_ALIGN)
    else:
        block = ac_keeper_take(&KEPT, wanted, &made.room)
        if block == NULL:
            made.room = (wanted + HUGE - 1) // HUGE * HUGE
            block = mmap(NULL, made.room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
            if block == MAP_FAILED:
                made.room = 0
                raise MemoryError(f"no memory for a message of {n} bytes")
            madvise(block, made.room, MADV_HUGEPAGE)
        made.block = block
        made.data = <uint8_t *>block
    made.data += RECORD_HEADER
    made.bytes = n
    return made
