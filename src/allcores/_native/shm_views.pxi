# shm_views.pxi - messages that are read where they lie; a part of shm.pyx.
#
# csrc/shm/ac_shm_lease.h keeps the memory of a leased message; a `_View` is the lease as an object with a
# buffer, and ends with the last memoryview or array that is made of it.

@cython.final
cdef class _View:
    cdef ShmQueue queue  # the mapping and the claim are its
    cdef ac_shm_lease lease
    cdef const uint8_t *data
    cdef size_t bytes

    def __cinit__(self):
        memset(&self.lease, 0, sizeof(self.lease))
        self.data = NULL
        self.bytes = 0

    def __dealloc__(self):
        if self.lease.bytes != 0 and ac_shm_lease_release(&self.queue.q, &self.lease):
            with nogil:
                ac_shm_queue_tidy(&self.queue.q)

    def __getbuffer__(self, Py_buffer *view, int flags):
        PyBuffer_FillInfo(view, self, <void *>self.data, <Py_ssize_t>self.bytes, 1, flags)


cdef object get_viewed(ShmQueue self, object block, object timeout):
    cdef uint64_t small[SMALL_WORDS]
    cdef ac_shm_batch batch
    cdef ac_shm_record r
    cdef ac_shm_status status
    cdef _View held = _View.__new__(_View)
    cdef size_t n
    cdef _Buffer copy
    exact = None
    held.queue = self
    batch.small = small
    batch.small_bytes = sizeof(small)
    batch.exact = NULL
    batch.large = NULL
    batch.lease = &held.lease
    status = ac_shm_queue_take(&self.q, 1, &batch, AC_SHM_TRY)
    if status != AC_SHM_OK:
        exact = take_slow(self, 1, &batch, deadline_of(block, timeout), status)
    tidy(self, &batch)
    if held.lease.bytes != 0:
        memcpy(&r, batch.data, sizeof(r))
        n = held.lease.bytes
        if ac_shm_lease_map(&self.q, &held.lease, &held.data) == 0:
            held.bytes = n
            return read_only(self, r.kind, held.data, n, held)
        copy = copied(held)
        return read_only(self, r.kind, copy.data, n, copy)
    memcpy(&r, batch.data, sizeof(r))
    if batch.bytes > batch.small_bytes:
        return read_only(self, r.kind, <const uint8_t *>batch.exact, batch.exact_bytes, exact)
    n = min(r.bytes, batch.bytes - sizeof(r))
    return read_only(self, r.kind, batch.data + sizeof(r), n, None)


cdef _Buffer copied(_View held):
    # No address space, or too many mappings: a copy of what is out of the queue already.
    cdef _Buffer copy = buffer_of(held.lease.bytes)
    if not ac_shm_lease_copy(&held.queue.q, &held.lease, copy.data):
        raise_status(held.queue, AC_SHM_CORRUPT)
    return copy


cdef object read_only(ShmQueue self, uint32_t kind, const uint8_t *data, size_t n, object whole):
    cdef size_t length = n
    if kind == KIND_OUTSIDE or kind == KIND_BYTES and whole is not None:
        if self.q.flags & CHECKED:
            length = unseal(kind, data, n)
        if kind == KIND_OUTSIDE:
            return decode_outside(data, length, whole, True)
        return memoryview(whole)[:length].toreadonly()
    found = decode_in(self, kind, data, n, whole if type(whole) is bytes else None)
    return memoryview(found) if kind == KIND_BYTES else found
