# shm_ready.pxi - waiting for a queue in select, poll or an event loop; a part of shm.pyx.
#
# `_reader` and `_writer` are what the standard library's own code (concurrent.futures, Pool) and others
# know of a queue's pipe. They hold nothing but their queue: the ear is in the queue's handle.

cdef enum:
    CLOSED_QUEUE = 1   # by close()
    CLOSED_READER = 2  # by _reader.close()
    CLOSED_WRITER = 4  # by _writer.close()


# Called with a queue at each look of a listener of this process; see multiprocessing/listening.py.
cdef object when_listening = None


def _tell_who_listens(callback):
    """From now on call this with a queue when its `_reader` gets a descriptor in this process."""
    global when_listening
    when_listening = callback


cdef int open_ear(ShmQueue self, ac_shm_ear *ear) except -1:
    cdef int err
    check_open(self)
    if self.q.bell == AC_SHM_NO_BELL:
        raise OSError(f"this {type(self).__name__} has no descriptor to wait for: it was opened without "
                      "its bell. Use get() with a timeout, in a thread if need be")
    err = ac_shm_ear_open(ear, self.q.bell)
    if (err == EMFILE or err == ENOSPC) and ac_shm_bell_is_file(self.q.bell):
        raise OSError(err, "cannot make a descriptor to wait for a queue with a name: this user has no more "
                           "inotify instances or watches (sysctl fs.inotify), or this process no more "
                           "descriptors (ulimit -n)")
    if err != 0:
        raise_os_error(err, "cannot make a descriptor to wait for a queue")
    return 0


cdef int listen(ShmQueue self) except -1:
    # Opens the ear of this process, and makes it say what is so.
    if not ac_shm_ear_is_ours(&self.ear):
        open_ear(self, &self.ear)
    if when_listening is not None:
        when_listening(self)
    return ac_shm_queue_listen(&self.q, &self.ear)


cdef inline void heard(ShmQueue self) noexcept:
    # After a take, or a refusal. Not readable with nothing there: an event loop would turn for nothing.
    if self.ear.fd >= 0 and ac_shm_ear_is_ours(&self.ear) and ac_shm_queue_is_empty(&self.q):
        ac_shm_queue_listen(&self.q, &self.ear)


cdef int refuse_closed(ShmQueue self) except -1:
    if self.closed & CLOSED_QUEUE:
        raise ValueError(f"Queue {self!r} is closed")
    raise OSError("handle is closed")


@cython.final
@cython.auto_pickle(False)
cdef class ShmReader:
    """The side of a queue that is read, as a `multiprocessing.connection.Connection` shows it.

    Notes
    -----
    `fileno` gives a descriptor of this process's own, which is readable while something can be taken,
    or the queue is shut down. `multiprocessing.connection.wait`, `select` and event loops take it.
    Taking with the queue's methods keeps it right in this process. When another process was faster, it
    may be readable for nothing until the next `fileno`, `poll`, or try to take here.
    """

    cdef ShmQueue queue

    def __init__(self):
        raise TypeError("ask a queue for its _reader")

    def __eq__(self, other):
        return isinstance(other, ShmReader) and (<ShmReader>other).queue is self.queue

    def __hash__(self):
        return hash((ShmReader, id(self.queue)))

    def fileno(self):
        """Return the descriptor, after a look whether it is readable rightly."""
        if self.queue.closed & (CLOSED_READER | CLOSED_QUEUE):
            raise OSError("handle is closed")
        listen(self.queue)
        return self.queue.ear.fd

    def poll(self, timeout=0.0):
        """Return whether something can be taken, or the queue is shut down; wait for it.

        Parameters
        ----------
        timeout : float or None
            Seconds to wait at most; None: for ever.
        """
        cdef ac_shm_status status
        cdef int64_t deadline
        if self.queue.closed & (CLOSED_READER | CLOSED_QUEUE):
            raise OSError("handle is closed")
        check_open(self.queue)
        deadline = deadline_of(True, timeout)
        while True:
            if deadline == AC_SHM_NOWAIT:
                status = ac_shm_queue_look(&self.queue.q, AC_SHM_NOWAIT)
            else:
                with nogil:
                    status = ac_shm_queue_look(&self.queue.q, deadline)
            if status == AC_SHM_OK:
                return True
            heard(self.queue)
            if is_over(status, deadline):
                return False
            check_signals(self.queue)

    def recv(self):
        """Take the oldest object out; wait for one.

        Raises
        ------
        EOFError
            The queue was shut down and is empty.
        OSError
            This end was closed.
        """
        if self.queue.closed & (CLOSED_READER | CLOSED_QUEUE):
            raise OSError("handle is closed")
        try:
            return self.queue.get()
        except ShutDown:
            raise EOFError from None

    def close(self):
        """Read no more in this process."""
        self.queue.closed |= CLOSED_READER
        ac_shm_ear_close(&self.queue.ear)

    @property
    def closed(self):
        """Whether this process has closed this end."""
        return (self.queue.closed & (CLOSED_READER | CLOSED_QUEUE)) != 0


@cython.final
@cython.auto_pickle(False)
cdef class ShmWriter:
    """The side of a queue that is written, as a `multiprocessing.connection.Connection` shows it."""

    cdef ShmQueue queue

    def __init__(self):
        raise TypeError("ask a queue for its _writer")

    def send(self, obj):
        """Put an object in."""
        if self.queue.closed & (CLOSED_WRITER | CLOSED_QUEUE):
            raise OSError("handle is closed")
        self.queue.put(obj)

    def close(self):
        """Write no more in this process."""
        self.queue.closed |= CLOSED_WRITER

    @property
    def closed(self):
        """Whether this process has closed this end."""
        return (self.queue.closed & (CLOSED_WRITER | CLOSED_QUEUE)) != 0


@cython.final
@cython.auto_pickle(False)
cdef class ShmEar:
    """ShmEar(queue)\n--\n
    A descriptor of one waiter's own, readable when something may be there since the last `listen`.

    It does not keep the queue alive. Not for use in a forked child.
    """

    cdef ac_shm_ear ear

    def __cinit__(self, ShmQueue queue not None):
        self.ear = ac_shm_ear_none()
        open_ear(queue, &self.ear)

    def __dealloc__(self):
        ac_shm_ear_close(&self.ear)

    def fileno(self):
        """Return the descriptor."""
        return self.ear.fd

    def listen(self, ShmQueue queue not None):
        """Make it readable if there is something, else at the next put; return whether there is."""
        check_open(queue)
        return ac_shm_queue_listen(&queue.q, &self.ear)
