# shm_codec.pxi - objects to bytes and back; a part of shm.pyx.
#
# A payload says by its kind how it is written. Small built-in values are written as they are, all
# else is a pickle of protocol 5 that honours the reducers registered with ForkingPickler.

cdef extern from "Python.h":
    int PyUnicode_IS_ASCII(object)
    Py_ssize_t PyUnicode_GET_LENGTH(object)
    void *PyUnicode_1BYTE_DATA(object)
    Py_buffer *PyMemoryView_GET_BUFFER(object)
    object PyMemoryView_FromMemory(char *, Py_ssize_t, int)
    int PyBUF_READ
    object PyUnicode_DecodeASCII(const char *, Py_ssize_t, const char *)
    long long PyLong_AsLongLongAndOverflow(object, int *) except? -1

cdef extern from "compact.h":
    enum:
        AC_COMPACT_BYTES
    size_t ac_compact_dump(object obj, uint8_t *to)
    object ac_compact_load(const uint8_t *data, size_t n)

cdef object plain_dumps = pickle.dumps
cdef object loads = pickle.loads  # also ForkingPickler.loads
cdef object BytesIO = io.BytesIO
cdef object crc32 = zlib.crc32

# How a payload is written. Parties are of one version (the region says so), so these may change.
cdef enum:
    KIND_PICKLE = 1
    KIND_NONE = 2
    KIND_TRUE = 3
    KIND_FALSE = 4
    KIND_INT = 5    # int64
    KIND_FLOAT = 6  # double
    KIND_BYTES = 7
    KIND_ASCII = 8  # str
    KIND_OUTSIDE = 9  # a pickle and the buffers that lie outside of it; see encode_outside
    KIND_COMPACT = 10  # a tuple, list or dict of small values; see compact.h
    KIND_CUSTOM = 11  # what the queue's own serializer made

cdef enum:
    CHECKED = 1  # of a queue's flags: each payload ends with a checksum of CRC_BYTES
    CRC_BYTES = 4

cdef enum:
    PLAIN_NODES = 64    # arbitrary: past it the pickler's start costs little
    LARGE_COPY = 16384  # rule 2 of DESIGN.md: above it a copy runs detached
    OUTSIDE = 4096      # smaller buffers stay in the pickle; arbitrary


@cython.final
cdef class _Block:
    # Memory of malloc, freed with the object: what a batch is read from, and written to; parts.
    cdef void *data
    cdef size_t bytes

    def __cinit__(self):
        self.data = NULL
        self.bytes = 0

    def __dealloc__(self):
        free(self.data)


# -- objects to bytes -----------------------------------------------------------------------------

cdef struct message:
    uint32_t kind
    size_t bytes  # of the payload: data and then the parts
    const void *data
    size_t data_bytes
    const ac_shm_part *parts
    size_t part_count
    int64_t number
    double real
    uint8_t[1024] compact  # AC_COMPACT_BYTES
    uint32_t crc
    ac_shm_part last  # the checksum, where there are no other parts


cdef bint is_plain(object obj, int *nodes) except -1:
    # Whether an object is built of exact built-in types only. For those the pickler consults no
    # reducer table, so that pickle.dumps gives what ForkingPickler gives, five times faster.
    nodes[0] -= 1
    if nodes[0] < 0:
        return False
    kind = type(obj)
    if obj is None or kind is int or kind is str or kind is float or kind is bool or kind is bytes:
        return True
    if kind is tuple:
        return are_plain(<tuple>obj, nodes)
    # A list or dict is looked at through a copy: without the GIL another thread may change it.
    if kind is list and len(<list>obj) <= nodes[0]:
        return are_plain(tuple(<list>obj), nodes)
    if kind is dict and 2 * len(<dict>obj) <= nodes[0]:
        return are_plain(tuple(<dict>obj), nodes) and are_plain(tuple((<dict>obj).values()), nodes)
    return False


cdef bint are_plain(tuple parts, int *nodes) except -1:
    for part in parts:
        if not is_plain(part, nodes):
            return False
    return True


@cython.final
cdef class _Outside:
    # The buffers of one pickle: a pickler's buffer_callback.
    cdef list views

    def __cinit__(self):
        self.views = []

    def __call__(self, buffer):
        # True: into the pickle with it.
        cdef object view
        try:
            view = buffer.raw()
        except BufferError:
            return True
        if len(view) < OUTSIDE:
            return True
        self.views.append(view)
        return False


cdef bytes pickled(object obj, _Outside outside):
    cdef int nodes = PLAIN_NODES
    if is_plain(obj, &nodes):
        return plain_dumps(obj, 5)
    buffer = BytesIO()
    ForkingPickler(buffer, 5, True, outside).dump(obj)
    return buffer.getvalue()


cdef char[64] ZEROS
memset(ZEROS, 0, sizeof(ZEROS))


cdef object encode_outside(bytes data, list views, message *m):
    # The buffers go from where they are into shared memory. The payload:
    #     number of buffers, length of the pickle, length of each buffer (8 bytes each);
    #     the pickle; each buffer, at the next multiple of BUFFER_ALIGN from the record's start
    cdef size_t n = <size_t>len(views), at, i, pad
    cdef _Block memory = _Block.__new__(_Block)
    cdef uint64_t *lengths
    cdef ac_shm_part *parts
    cdef Py_buffer *buffer
    memory.data = malloc((n + 2) * sizeof(uint64_t) + (2 * n + 2) * sizeof(ac_shm_part))  # one for a checksum
    if memory.data == NULL:
        raise MemoryError("no memory for the list of the message's buffers; nothing was put")
    lengths = <uint64_t *>memory.data
    parts = <ac_shm_part *>(lengths + n + 2)
    lengths[0] = n
    lengths[1] = <uint64_t>PyBytes_GET_SIZE(data)
    parts[0].data = PyBytes_AS_STRING(data)
    parts[0].bytes = <size_t>PyBytes_GET_SIZE(data)
    at = (n + 2) * sizeof(uint64_t) + parts[0].bytes
    for i in range(n):
        buffer = PyMemoryView_GET_BUFFER(views[i])
        pad = (BUFFER_ALIGN - (RECORD_HEADER + at) % BUFFER_ALIGN) % BUFFER_ALIGN
        lengths[2 + i] = <uint64_t>buffer.len
        parts[1 + 2 * i].data = ZEROS
        parts[1 + 2 * i].bytes = pad
        parts[2 + 2 * i].data = buffer.buf
        parts[2 + 2 * i].bytes = <size_t>buffer.len
        at += pad + <size_t>buffer.len
    m.kind = KIND_OUTSIDE
    m.bytes = at
    m.data = lengths
    m.data_bytes = (n + 2) * sizeof(uint64_t)
    m.parts = parts
    m.part_count = 2 * n + 1
    return memory, data, views


cdef object encode(ShmQueue queue, object obj, message *m):
    # Returns what must stay alive while `m` is used.
    m.parts = NULL
    m.part_count = 0
    alive = encode_data(obj, m) if queue.dumps is None else encode_custom(queue.dumps, obj, m)
    if m.part_count == 0:
        m.data_bytes = m.bytes
    if queue.q.flags & CHECKED:
        seal(m)
    return alive


cdef object encode_custom(object dumps, object obj, message *m):
    data = dumps(obj)
    if type(data) is not bytes:
        try:
            data = bytes(memoryview(data))
        except TypeError:
            raise TypeError(
                f"the queue's serializer made a {type(data).__name__}: its dumps must return bytes"
            ) from None
    m.kind = KIND_CUSTOM
    m.data = PyBytes_AS_STRING(data)
    m.bytes = <size_t>PyBytes_GET_SIZE(data)
    return data


cdef uint32_t crc_of(const void *data, size_t n, uint32_t before) except? 0:
    return crc32(PyMemoryView_FromMemory(<char *>data, <Py_ssize_t>n, PyBUF_READ), before)


cdef int seal(message *m) except -1:
    # The checksum is of kind and length too: those of the header might be another message's.
    cdef uint64_t[2] about
    cdef ac_shm_part *last = &m.last
    cdef size_t i
    about[0] = m.kind
    about[1] = m.bytes
    m.crc = crc_of(about, sizeof(about), 0)
    if m.data_bytes != 0:
        m.crc = crc_of(m.data, m.data_bytes, m.crc)
    for i in range(m.part_count):
        if m.parts[i].bytes != 0:
            m.crc = crc_of(m.parts[i].data, m.parts[i].bytes, m.crc)
    if m.part_count != 0:
        last = <ac_shm_part *>&m.parts[m.part_count]  # encode_outside has left room
    else:
        m.parts = last
    last.data = &m.crc
    last.bytes = CRC_BYTES
    m.part_count += 1
    m.bytes += CRC_BYTES
    return 0


cdef size_t unseal(uint32_t kind, const uint8_t *data, size_t n) except? 0:
    # Returns the length of the payload without its checksum.
    cdef uint64_t[2] about
    cdef uint32_t crc, stored
    if n < CRC_BYTES:
        raise QueueCorrupted("a message without its checksum came out of the queue")
    n -= CRC_BYTES
    about[0] = kind
    about[1] = n
    crc = crc_of(about, sizeof(about), 0)
    if n != 0:
        crc = crc_of(data, n, crc)
    memcpy(&stored, data + n, CRC_BYTES)
    if crc != stored:
        raise QueueCorrupted(
            f"a message of {n} bytes has not the checksum that it was put with: a process has written "
            "over the queue's memory"
        )
    return n


cdef inline object encode_data(object obj, message *m):
    cdef int overflow = 0
    cdef _Outside outside
    m.data = NULL
    m.bytes = 0
    kind = type(obj)
    if kind is int:
        m.number = PyLong_AsLongLongAndOverflow(obj, &overflow)
        if overflow == 0:
            m.kind = KIND_INT
            m.data = &m.number
            m.bytes = sizeof(m.number)
            return None
    elif kind is str:
        if PyUnicode_IS_ASCII(obj):
            m.kind = KIND_ASCII
            m.data = PyUnicode_1BYTE_DATA(obj)
            m.bytes = <size_t>PyUnicode_GET_LENGTH(obj)
            return obj
    elif kind is bytes:
        m.kind = KIND_BYTES
        m.data = PyBytes_AS_STRING(obj)
        m.bytes = <size_t>PyBytes_GET_SIZE(obj)
        return obj
    elif obj is None:
        m.kind = KIND_NONE
        return None
    elif kind is float:
        m.kind = KIND_FLOAT
        m.real = <double>obj
        m.data = &m.real
        m.bytes = sizeof(m.real)
        return None
    elif kind is bool:
        m.kind = KIND_TRUE if obj else KIND_FALSE
        return None
    elif kind is tuple or kind is list or kind is dict:
        m.bytes = ac_compact_dump(obj, m.compact)
        if m.bytes != 0:
            m.kind = KIND_COMPACT
            m.data = m.compact
            return None
    outside = _Outside.__new__(_Outside)
    data = pickled(obj, outside)
    if outside.views:
        return encode_outside(data, outside.views, m)
    m.kind = KIND_PICKLE
    m.data = PyBytes_AS_STRING(data)
    m.bytes = <size_t>PyBytes_GET_SIZE(data)
    return data


# -- bytes to objects -----------------------------------------------------------------------------

cdef bytes bytes_of(const uint8_t *data, size_t n):
    cdef bytes result
    cdef char *target
    if n <= LARGE_COPY:
        return PyBytes_FromStringAndSize(<const char *>data, <Py_ssize_t>n)
    result = PyBytes_FromStringAndSize(NULL, <Py_ssize_t>n)
    target = PyBytes_AS_STRING(result)
    with nogil:  # nobody else has seen `result` yet
        memcpy(target, data, n)
    return result


cdef object decode_outside(const uint8_t *data, size_t n, object whole, bint readonly=False):
    # What is made of the buffers keeps `whole` alive, and may write to it if it may be written to.
    cdef uint64_t count, length
    cdef size_t at, i
    cdef const uint64_t *lengths
    cdef _Buffer copy
    cdef list views = []
    if whole is None:
        whole = copy = buffer_of(n)
        memcpy(copy.data, data, n)
        data = copy.data
    lengths = <const uint64_t *><const void *>data
    if n < 2 * sizeof(uint64_t) or lengths[0] > n // sizeof(uint64_t) - 2:
        raise QueueCorrupted("a message whose parts do not fit came out of the queue")
    count = lengths[0]  # once: a peer may write over what is not copied
    at = (count + 2) * sizeof(uint64_t)
    length = lengths[1]
    if length > n - at:
        raise QueueCorrupted("a message whose parts do not fit came out of the queue")
    view = memoryview(whole)
    if readonly:
        view = view.toreadonly()
    pickle_view = view[at:at + length]
    at += length
    for i in range(count):
        at += (BUFFER_ALIGN - (RECORD_HEADER + at) % BUFFER_ALIGN) % BUFFER_ALIGN
        length = lengths[2 + i]
        if at > n or length > n - at:
            raise QueueCorrupted("a message whose parts do not fit came out of the queue")
        views.append(view[at:at + length])
        at += length
    return loads(pickle_view, buffers=views)


cdef object compact_object(const uint8_t *data, size_t n):
    try:
        return ac_compact_load(data, n)
    except (TypeError, ValueError) as error:
        raise QueueCorrupted("a message that no queue writes came out of the queue") from error


cdef object decode_in(ShmQueue queue, uint32_t kind, const uint8_t *data, size_t n, object whole):
    if queue.q.flags & CHECKED:
        n = unseal(kind, data, n)
        if type(whole) is bytes:
            whole = None  # it ends with the checksum
    if kind == KIND_CUSTOM:
        if queue.loads is None:
            raise TypeError("the message was put with a serializer that this queue was not opened with")
        return queue.loads(bytes_of(data, n))
    return decode(kind, data, n, whole)


cdef object decode(uint32_t kind, const uint8_t *data, size_t n, object whole):
    # `whole` is None, or what `data` points into: bytes that nobody else has seen, or a _Buffer.
    cdef int64_t number
    cdef double real
    if kind == KIND_PICKLE:
        return loads(bytes_of(data, n) if whole is None else whole)
    if kind == KIND_INT and n == sizeof(number):
        memcpy(&number, data, sizeof(number))
        return number
    if kind == KIND_BYTES:
        return whole if type(whole) is bytes else bytes_of(data, n)
    if kind == KIND_OUTSIDE:
        return decode_outside(data, n, whole)
    if kind == KIND_ASCII:
        return PyUnicode_DecodeASCII(<const char *>data, <Py_ssize_t>n, NULL)
    if kind == KIND_COMPACT:
        return compact_object(data, n)
    if kind == KIND_NONE:
        return None
    if kind == KIND_FLOAT and n == sizeof(real):
        memcpy(&real, data, sizeof(real))
        return real
    if kind == KIND_TRUE:
        return True
    if kind == KIND_FALSE:
        return False
    raise QueueCorrupted(f"a message of unknown kind {kind} came out of the queue")
