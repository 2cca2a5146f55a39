# shm_moves.pxi - how a call of `ShmQueue` puts and takes; a part of shm.pyx.
#
# Each starts with a try while it is attached. What that cannot do is done detached, in slices, by
# put_slow and take_slow: the only two loops that wait for messages or room.

cdef object decode_one(ShmQueue self, ac_shm_batch *batch, object exact):
    cdef ac_shm_record r
    cdef const uint8_t *data
    memcpy(&r, batch.data, sizeof(r))
    if batch.bytes > batch.small_bytes:
        data = <const uint8_t *>batch.exact
        return decode_in(self, r.kind, data, batch.exact_bytes, exact)
    data = batch.data + sizeof(r)
    # The length is the shared memory's; it was checked there, and a peer may have changed it since.
    return decode_in(self, r.kind, data, min(r.bytes, batch.bytes - sizeof(r)), None)


cdef int decode_all(ShmQueue self, ac_shm_batch *batch, list items, list errors) except -1:
    # Every record is decoded, also behind one that fails: they are all out of the queue.
    cdef const uint8_t *at = batch.data
    cdef const uint8_t *end = at + batch.bytes
    cdef ac_shm_record r
    cdef uint64_t i
    for i in range(batch.count):
        memcpy(&r, at, sizeof(r))
        if r.bytes > <size_t>(end - at) - sizeof(r):
            raise QueueCorrupted("a process has changed a message while it was read")
        try:
            items.append(decode_in(self, r.kind, at + sizeof(r), r.bytes, None))
        except Exception as error:
            errors.append(error)
        at += ac_shm_record_size(r.bytes)
    return 0


# -- put ------------------------------------------------------------------------------------------

cdef inline int put_message(ShmQueue self, message *m, object block, object timeout) except -1:
    cdef ac_shm_record record
    cdef ac_shm_image image
    cdef ac_shm_status status
    cdef uint64_t count
    cdef size_t size
    record.bytes = m.bytes
    record.kind = <uint16_t>m.kind
    record.mark = AC_SHM_MARK
    image.front = &record
    image.front_bytes = sizeof(record)
    image.body = m.data
    image.body_bytes = m.data_bytes
    image.count = 1
    image.parts = m.parts
    image.part_count = m.part_count
    image.parts_bytes = m.bytes - m.data_bytes
    image.held_up_ns = 0
    status = ac_shm_queue_put(&self.q, &image, AC_SHM_TRY, &count, &size)
    if status != AC_SHM_OK:
        put_slow(self, &image, deadline_of(block, timeout), status, &count, &size)
    return 0


cdef inline int64_t wait_end(ac_slices *slices, int64_t deadline) noexcept:
    return AC_SHM_NOWAIT if deadline == AC_SHM_NOWAIT else ac_slices_end(slices, deadline)


cdef inline void waited(ac_slices *slices, ac_shm_status status) noexcept:
    ac_slices_slept(slices, status == AC_SHM_EMPTY or status == AC_SHM_FULL)


cdef int put_slow(ShmQueue self, ac_shm_image *image, int64_t deadline, ac_shm_status status,
                  uint64_t *count, size_t *size) except -1:
    cdef int64_t until
    cdef ac_slices slices = ac_slices(length_ns=0)
    while status != AC_SHM_OK:
        if is_over(status, deadline):
            ac_shm_queue_pass_on(&self.q)
            if image.held_up_ns != 0:
                raise_status(self, AC_SHM_LIMIT)
            raise Full
        if status == AC_SHM_FULL or status == AC_SHM_BUSY or status == AC_SHM_BIG or \
                status == AC_SHM_INTERRUPTED:
            until = wait_end(&slices, deadline)
            with nogil:
                status = ac_shm_queue_put(&self.q, image, until, count, size)
            waited(&slices, status)
            if status != AC_SHM_OK:
                check_signals(self)
        else:
            raise_status(self, status)
    return 0


cdef int check_signals(ShmQueue self) except -1:
    try:
        PyErr_CheckSignals()
    except BaseException:
        ac_shm_queue_pass_on(&self.q)  # a wake that chose us goes to another
        raise
    return 0


cdef int append(_Block image, size_t *used, message *m) except -1:
    # Adds a record; `image.bytes` is the room that there is.
    cdef ac_shm_record record
    cdef size_t size = ac_shm_record_size(m.bytes), room = image.bytes
    cdef void *grown
    cdef uint8_t *at
    cdef size_t i
    if room - used[0] < size:
        room = max(2 * room, used[0] + size)
        grown = realloc(image.data, room)
        if grown == NULL:
            raise MemoryError("no memory for the batch; nothing was put")
        image.data = grown
        image.bytes = room
    record.bytes = m.bytes
    record.kind = <uint16_t>m.kind
    record.mark = AC_SHM_MARK
    at = <uint8_t *>image.data + used[0]
    memcpy(at, &record, sizeof(record))
    at += sizeof(record)
    if m.data_bytes != 0:
        memcpy(at, m.data, m.data_bytes)
    at += m.data_bytes
    for i in range(m.part_count):
        memcpy(at, m.parts[i].data, m.parts[i].bytes)
        at += m.parts[i].bytes
    memset(at, 0, size - sizeof(record) - m.bytes)
    used[0] += size
    return 0


cdef int put_images(ShmQueue self, tuple items, int64_t deadline) except -1:
    cdef _Block buffer = _Block.__new__(_Block)
    cdef ac_shm_image image
    cdef ac_shm_status status
    cdef message m
    cdef size_t used = 0, size = 0, at = 0
    cdef uint64_t total = <uint64_t>len(items), put = 0, count = 0
    for obj in items:
        alive = encode(self, obj, &m)
        append(buffer, &used, &m)
    image.body = NULL
    image.body_bytes = 0
    image.parts = NULL
    image.part_count = 0
    image.parts_bytes = 0
    while put < total:
        image.front = <uint8_t *>buffer.data + at
        image.front_bytes = used - at
        image.count = total - put
        image.held_up_ns = 0
        status = ac_shm_queue_put(&self.q, &image, AC_SHM_TRY, &count, &size)
        if status != AC_SHM_OK:
            try:
                put_slow(self, &image, deadline, status, &count, &size)
            except BaseException as error:
                error.count = put
                raise
        put += count
        at += size
    return 0


# -- get ------------------------------------------------------------------------------------------

cdef object take_slow(ShmQueue self, uint64_t most, ac_shm_batch *batch, int64_t deadline,
                     ac_shm_status status):
    # Returns what batch.exact points into, if anything.
    cdef int64_t until
    cdef ac_slices slices = ac_slices(length_ns=0)
    exact = None
    while status != AC_SHM_OK:
        if is_over(status, deadline):
            ac_shm_queue_pass_on(&self.q)
            heard(self)
            raise Empty
        if status == AC_SHM_EMPTY or status == AC_SHM_BUSY or status == AC_SHM_BIG or \
                status == AC_SHM_INTERRUPTED:
            until = wait_end(&slices, deadline)
            if status == AC_SHM_BIG:
                until = AC_SHM_NOWAIT  # it is there
                if most == 1:
                    exact = place_for(self, batch)
            with nogil:
                status = ac_shm_queue_take(&self.q, most, batch, until)
            waited(&slices, status)
            if status != AC_SHM_OK:
                check_signals(self)
        else:
            raise_status(self, status)
    return exact


cdef object place_for(ShmQueue self, ac_shm_batch *batch):
    # Buffers are written to by who gets them, what is unpickled need not be.
    cdef object exact
    cdef _Buffer buffer
    try:
        if batch.wanted_kind == KIND_OUTSIDE:
            exact = buffer = buffer_of(batch.wanted)
            batch.exact = buffer.data
        else:
            exact = PyBytes_FromStringAndSize(NULL, <Py_ssize_t>batch.wanted)
            batch.exact = PyBytes_AS_STRING(exact)
    except BaseException:
        ac_shm_queue_pass_on(&self.q)
        raise
    batch.exact_bytes = batch.wanted
    return exact


cdef inline void tidy(ShmQueue self, ac_shm_batch *batch) noexcept:
    if batch.untidy:
        with nogil:
            ac_shm_queue_tidy(&self.q)


cdef object get_one(ShmQueue self, object block, object timeout):
    cdef uint64_t small[SMALL_WORDS]
    cdef ac_shm_batch batch
    cdef ac_shm_status status
    exact = None
    batch.small = small
    batch.small_bytes = sizeof(small)
    batch.exact = NULL
    batch.lease = NULL
    batch.large = NULL
    status = ac_shm_queue_take(&self.q, 1, &batch, AC_SHM_TRY)
    if status != AC_SHM_OK:
        exact = take_slow(self, 1, &batch, deadline_of(block, timeout), status)
    tidy(self, &batch)
    heard(self)
    return decode_one(self, &batch, exact)


cdef list get_some(ShmQueue self, object n, object block, object timeout):
    cdef uint64_t small[SMALL_WORDS]
    cdef ac_shm_batch batch
    cdef ac_shm_status status
    cdef list items = [], errors = []
    cdef uint64_t most
    cdef int64_t deadline = deadline_of(block, timeout)
    cdef _Block memory = _Block.__new__(_Block)  # owns what a take has malloced
    if isinstance(n, bool) or not hasattr(n, "__index__"):
        raise TypeError(f"n must be an int, not {type(n).__name__}")
    number = n.__index__()
    if number < 1:
        raise ValueError(f"n must be at least 1, not {number}")
    most = min(number, 1 << 62)
    if most == 1:
        return [get_one(self, block, timeout)]
    batch.small = small
    batch.small_bytes = sizeof(small)
    batch.exact = NULL
    batch.lease = NULL
    while most > 0 and not errors:
        batch.large = NULL
        status = ac_shm_queue_take(&self.q, most, &batch, AC_SHM_TRY)
        if not items:
            take_slow(self, most, &batch, deadline, status)
        else:  # what is there is returned; the rest is for the next call
            if status == AC_SHM_BIG or status == AC_SHM_BUSY:
                with nogil:
                    status = ac_shm_queue_take(&self.q, most, &batch, AC_SHM_NOWAIT)
            if status != AC_SHM_OK:
                break
        free(memory.data)
        memory.data = batch.large
        tidy(self, &batch)
        most -= batch.count
        decode_all(self, &batch, items, errors)
    heard(self)
    if errors:
        error = errors[0]
        error.items = items
        raise error
    return items
