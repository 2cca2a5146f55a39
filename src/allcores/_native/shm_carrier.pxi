# shm_carrier.pxi - what a Pipe carries large messages with; a part of shm.pyx.

cdef extern from "Python.h":
    int PyBUF_SIMPLE
    int PyBUF_WRITABLE
    int PyObject_GetBuffer(object, Py_buffer *, int) except -1
    void PyBuffer_Release(Py_buffer *)

cdef type bytes_type = bytes  # `bytes` is an argument's name below

cdef enum:
    EXPECT = 1 << 20  # malloc has smaller blocks at hand that it has used before; measured
    CARRIER_SPARES = 64  # segments of 64 KB that keep their memory when they are read


@cython.final
@cython.auto_pickle(False)
cdef class ShmCarrier:
    """ShmCarrier(limit)\n--\n
    Pieces of bytes in shared memory, in the order in which one process puts them.

    Who puts tells who takes, by other means, what has come: nobody waits here. A piece has a number from
    1 to 65535, so that a taker finds its own behind pieces that nobody was told of.

    Parameters
    ----------
    limit : int
        Most bytes that may wait.
    """

    cdef ac_shm_queue q

    def __cinit__(self, *args):
        memset(&self.q, 0, sizeof(self.q))
        self.q.bell = -1

    def __init__(self, limit):
        cdef ac_shm_queue_options options
        cdef int err
        memset(&options, 0, sizeof(options))
        options.limit_bytes = limit
        options.spares = CARRIER_SPARES
        options.lanes = 1
        err = ac_shm_queue_create(&self.q, &options)
        if err != 0:
            raise_os_error(err, "cannot make shared memory for a pipe")

    @staticmethod
    def attach(fd):
        """Return the carrier behind a descriptor, which it owns from now on, also if this fails."""
        cdef ShmCarrier self = ShmCarrier.__new__(ShmCarrier)
        cdef int err = ac_shm_queue_attach(&self.q, fd)
        if err != 0:
            close_fd(fd)
            raise_os_error(err, "cannot open the shared memory of a pipe")
        return self

    def __dealloc__(self):
        ac_shm_queue_close(&self.q)

    def fileno(self):
        """Return the descriptor through which others can attach."""
        return self.q.region.fd

    def put(self, data, size_t start, size_t bytes, int number):
        """Put a piece of a buffer in; return whether there was room: if not, nothing was put."""
        cdef Py_buffer view
        cdef ac_shm_record record
        cdef ac_shm_image image
        cdef ac_shm_status status = AC_SHM_BUSY
        cdef uint64_t count
        cdef size_t size
        PyObject_GetBuffer(data, &view, PyBUF_SIMPLE)
        try:
            if start > <size_t>view.len or bytes > <size_t>view.len - start:
                raise ValueError("the piece does not lie in the buffer")
            memset(&image, 0, sizeof(image))
            record.bytes = bytes
            record.kind = <uint16_t>number
            record.mark = AC_SHM_MARK
            image.front = &record
            image.front_bytes = sizeof(record)
            image.body = <const char *>view.buf + start
            image.body_bytes = bytes
            image.count = 1
            with nogil:
                status = ac_shm_queue_put(&self.q, &image, AC_SHM_NOWAIT, &count, &size)
        finally:
            PyBuffer_Release(&view)
        return status == AC_SHM_OK

    def take(self, target, size_t start, size_t bytes, int number):
        """Take a piece out into a buffer; return whether it was there.

        `target` is a writable buffer, or a ``bytes`` that nobody else has seen yet.
        """
        cdef Py_buffer view
        get_target(target, &view, start, bytes)
        try:
            return take_piece(&self.q, <char *>view.buf + start, bytes, <uint16_t>number)
        finally:
            PyBuffer_Release(&view)

    @staticmethod
    def blank(size_t bytes):
        """Return a new ``bytes`` of any content, to be a target and only then be seen."""
        target = PyBytes_FromStringAndSize(NULL, <Py_ssize_t>bytes)
        cdef char *at = PyBytes_AS_STRING(target)
        if bytes >= EXPECT:
            with nogil:
                ac_shm_region_expect(at, bytes)
        return target

    @staticmethod
    def fill(target, size_t start, data):
        """Copy what came by other means into a target; see `take`."""
        cdef Py_buffer view, source
        PyObject_GetBuffer(data, &source, PyBUF_SIMPLE)
        try:
            get_target(target, &view, start, <size_t>source.len)
            memcpy(<char *>view.buf + start, source.buf, <size_t>source.len)
            PyBuffer_Release(&view)
        finally:
            PyBuffer_Release(&source)


cdef int get_target(object target, Py_buffer *view, size_t start, size_t bytes) except -1:
    PyObject_GetBuffer(target, view, PyBUF_SIMPLE if type(target) is bytes_type else PyBUF_WRITABLE)
    if start > <size_t>view.len or bytes > <size_t>view.len - start:
        PyBuffer_Release(view)
        raise ValueError("the piece does not lie in the buffer")
    return 0


cdef object take_piece(ac_shm_queue *q, char *at, size_t bytes, uint16_t number):
    cdef ac_shm_record record
    cdef ac_shm_batch batch
    cdef ac_shm_status status
    cdef void *waste
    while True:
        memset(&batch, 0, sizeof(batch))
        batch.small = &record
        batch.small_bytes = sizeof(record)
        waste = NULL
        status = ac_shm_queue_take(q, 1, &batch, AC_SHM_NOWAIT)
        if status == AC_SHM_OK:
            continue  # a piece of no bytes: nobody's
        if status != AC_SHM_BIG:
            return False
        mine = batch.wanted == bytes and batch.wanted_kind == number
        batch.exact = at
        if not mine:  # of a message whose reader was killed
            batch.exact = waste = malloc(batch.wanted)
            if waste == NULL:
                raise MemoryError("no memory to throw a stale piece of a message away")
        batch.exact_bytes = batch.wanted
        with nogil:
            status = ac_shm_queue_take(q, 1, &batch, AC_SHM_NOWAIT)
            free(waste)
            if batch.untidy:
                ac_shm_queue_tidy(q)
        if mine and status == AC_SHM_OK:
            return True
        if status != AC_SHM_OK and status != AC_SHM_BIG:
            return False
