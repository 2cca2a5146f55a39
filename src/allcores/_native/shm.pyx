"""Queues of picklable objects between processes: the carrier of `allcores.multiprocessing`.

An object becomes bytes in the caller of `put` and an object again in the caller of `get`; in between,
csrc/shm moves bytes. A call first tries while it is attached, which is
all that a small message needs. What must wait, or copy more than 16 KB, runs detached in slices, between
which signal handlers run.
"""

cimport cython
from cpython.buffer cimport PyBuffer_FillInfo
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.exc cimport PyErr_CheckSignals
from libc.errno cimport EINVAL, EMFILE, ENFILE, ENOMEM, ENOSPC, EPROTO
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memcpy, memset
from posix.unistd cimport close as close_fd

from allcores._native.c_shm cimport *

import io
import os
import pickle
import zlib
from multiprocessing.reduction import ForkingPickler
from types import GenericAlias

from allcores._common.version import check_compiled
from allcores.errors import Empty, Full, QueueCorrupted, ShutDown

check_compiled(__name__, AC_VERSION.decode())

cdef enum:
    SMALL_WORDS = 2052  # AC_SHM_SMALL_BYTES and a header, in 8 bytes


include "shm_buffers.pxi"
include "shm_codec.pxi"


# -- deadlines and statuses -----------------------------------------------------------------------

cdef double seconds_of(object timeout) except? -1.0:
    try:
        return timeout
    except TypeError:
        raise TypeError(
            f"timeout must be a number of seconds or None, not {type(timeout).__name__}"
        ) from None


cdef int64_t deadline_of(object block, object timeout) except -1:
    # As multiprocessing.Queue: a timeout of zero or less does not wait.
    cdef double seconds
    if not block:
        return AC_SHM_NOWAIT
    if timeout is None:
        return AC_FOREVER
    seconds = seconds_of(timeout)
    if seconds != seconds:
        raise ValueError("timeout must be a number of seconds or None, not nan")
    if seconds <= 0:
        return AC_SHM_NOWAIT
    if seconds >= 9e9:  # 285 years, the end of the clock
        return AC_FOREVER
    return ac_deadline_after(<int64_t>(seconds * 1e9))


cdef bint is_over(ac_shm_status status, int64_t deadline) noexcept:
    # Whether a call that could not act ends now. Without waiting, it still waits for the lock.
    if deadline == AC_SHM_NOWAIT:
        return status == AC_SHM_EMPTY or status == AC_SHM_FULL
    if status == AC_SHM_EMPTY or status == AC_SHM_FULL or status == AC_SHM_BUSY:
        return ac_now_ns() >= deadline
    return False


cdef int raise_os_error(int err, str what) except -1:
    if err == ENOMEM:
        raise MemoryError(f"{what}: no address space for it; raise 'ulimit -v' or use fewer queues")
    if err == EMFILE or err == ENFILE:
        raise OSError(err, f"{what}: {os.strerror(err)}; every queue holds one descriptor in every "
                           "process (ulimit -n)")
    if err == ENOSPC:
        raise MemoryError(f"{what}: /dev/shm is full (df /dev/shm; a container's is small unless it is "
                          "given more: docker run --shm-size)")
    raise OSError(err, f"{what}: {os.strerror(err)}")


# -- the class ------------------------------------------------------------------------------------

@cython.auto_pickle(False)
cdef class ShmQueue:
    """ShmQueue(maxsize=0, limit=1073741824, segment_bytes=0, ordered=False, file=-1, checksum=False)\n--\n
    A queue of picklable objects in shared memory; the base of `allcores.multiprocessing.Queue`.

    Parameters
    ----------
    maxsize : int, default 0
        Most items that the queue holds; zero or less: no bound.
    limit : int
        Most bytes of messages that may wait.
    segment_bytes : int, default 0
        Granularity of the memory, a power of two; for tests.
    ordered : bool, default False
        One lane for all producers. With a `maxsize` there is only one in any case.
    file : int
        Descriptor of an empty file of a memory file system to lie in, which this object then owns;
        negative: memory without a name.
    checksum : bool, default False
        Whether each message carries a CRC-32 that is checked when it is taken out.
    """

    cdef ac_shm_queue q
    cdef int closed  # in this process; see shm_ready.pxi
    cdef ac_shm_ear ear  # of `_reader`
    cdef bint enlisted
    cdef object dumps, loads  # of a serializer; None: ours
    cdef object __weakref__

    __class_getitem__ = classmethod(GenericAlias)

    def __cinit__(self, *args, **kwargs):
        memset(&self.q, 0, sizeof(self.q))
        self.closed = 0
        self.q.bell = AC_SHM_NO_BELL
        self.ear = ac_shm_ear_none()
        self.enlisted = False

    def __init__(self, maxsize=0, limit=1 << 30, segment_bytes=0, ordered=False, file=-1, checksum=False):
        cdef ac_shm_queue_options options
        cdef int err, bell
        if not hasattr(maxsize, "__index__"):
            raise TypeError(f"maxsize must be an int, not {type(maxsize).__name__}")
        number = maxsize.__index__()
        if limit < 1:
            raise ValueError(f"limit must be a positive number of bytes, not {limit}")
        options.maxsize = min(max(number, 0), 1 << 62)
        options.limit_bytes = min(limit, 1 << 46)
        options.shift = max(segment_bytes.bit_length() - 1, 0)
        options.spares = 0
        options.lanes = 1 if ordered else 0
        options.flags = CHECKED if checksum else 0
        options.file = file + 1 if file >= 0 else 0
        if self.q.region.base != NULL:
            raise RuntimeError(f"{type(self).__name__}.__init__ was called a second time")
        asked = options.limit_bytes
        while True:
            err = ac_shm_queue_create(&self.q, &options)
            if err != ENOMEM or options.limit_bytes < (1 << 24):
                break
            options.limit_bytes //= 2  # RLIMIT_AS: the queue takes less address space
        if err == 0 and file < 0 and options.limit_bytes < asked and options.limit_bytes >= (1 << 24):
            ac_shm_queue_close(&self.q)  # a part of what is left, and not the most of it
            options.limit_bytes //= 4
            err = ac_shm_queue_create(&self.q, &options)
        if err != 0:
            raise_os_error(err, "cannot make a queue in shared memory")
        if file >= 0:
            self.q.bell = ac_shm_bell_of_file(self.q.region.fd)
            return
        bell = ac_shm_bell_create()
        if bell < 0:
            ac_shm_queue_close(&self.q)
            raise_os_error(-bell, "cannot make a queue in shared memory")
        self.q.bell = bell

    def __dealloc__(self):
        ac_shm_ear_close(&self.ear)
        if self.q.bell >= 0:
            close_fd(self.q.bell)
        if self.enlisted:
            ac_shm_party_delist(&self.q)  # nothing in a forked child, which is not enlisted
        ac_shm_queue_close(&self.q)

    def _attach(self, fd, bell=-1, named=False):
        """Open the queue behind a descriptor, which this object then owns, as it does its bell.

        A queue with a name has its file for a bell.
        """
        cdef int err
        if self.q.region.base != NULL:
            raise RuntimeError("this queue is open already")
        err = ac_shm_queue_attach(&self.q, fd)
        if err == EPROTO:
            raise RuntimeError(
                "the queue was made by another version of allcores, or with another C library"
            )
        if err == EINVAL:
            raise ValueError(f"descriptor {fd} is not that of a queue")
        if err != 0:
            raise_os_error(err, "cannot open the queue that was inherited")
        if bell >= 0:
            os.set_inheritable(bell, False)
        self.q.bell = ac_shm_bell_of_file(self.q.region.fd) if named else bell

    def _fileno(self):
        """Return the descriptor through which others can attach."""
        check_open(self)
        return self.q.region.fd

    def _bell(self):
        """Return the descriptor that tells listeners of an object, -1 for none of its own."""
        check_open(self)
        return max(self.q.bell, -1)

    def _mend(self):
        """Finish what killed processes have left: also tell listeners of what is there."""
        check_open(self)
        ac_shm_queue_mend(&self.q)

    @property
    def _reader(self):
        """What `multiprocessing.connection.wait` and event loops can wait for."""
        cdef ShmReader reader = ShmReader.__new__(ShmReader)
        reader.queue = self
        return reader

    @property
    def _writer(self):
        """The counterpart of `_reader`; it has no descriptor: there is always room."""
        cdef ShmWriter writer = ShmWriter.__new__(ShmWriter)
        writer.queue = self
        return writer

    def put(self, obj, block=True, timeout=None):
        """Put an object in; when it returns, the object lies in shared memory.

        Parameters
        ----------
        obj : object
            Pickled here: what cannot be pickled raises here, and nothing is sent.
        block : bool, default True
            Whether to wait while the queue is full (which needs a `maxsize`).
        timeout : float or None
            Seconds to wait at most (monotonic clock); None: for ever; zero or less: do not wait.

        Raises
        ------
        Full
            No room came in time, or at once with ``block=False``.
        ShutDown
            The queue was shut down.
        MemoryError
            The queue's memory limit is reached, or the system has no memory; nothing was put.
        """
        cdef message m
        check_writable(self)
        alive = encode(self, obj, &m)
        put_message(self, &m, block, timeout)

    def get(self, block=True, timeout=None):
        """Take the oldest object out; wait for one if need be.

        Parameters
        ----------
        block : bool, default True
            Whether to wait while the queue is empty.
        timeout : float or None
            Seconds to wait at most (monotonic clock); None: for ever; zero or less: do not wait.

        Returns
        -------
        object

        Raises
        ------
        Empty
            Nothing came in time, or at once with ``block=False``.
        ShutDown
            The queue was shut down and is empty.
        """
        check_readable(self)
        return get_one(self, block, timeout)

    def get_view(self, block=True, timeout=None):
        """Take the oldest object out, and read its large buffers where they lie, without a copy.

        Parameters
        ----------
        block, timeout
            As for `get`.

        Returns
        -------
        object
            What `get` returns, but read-only: an array's memory is the queue's, and what was put as
            ``bytes`` is a memoryview. It stays as it is until the last view or array of it is gone;
            with it, all that the same process has put after it keeps its memory. At most 16 large
            objects are held so by one process; further ones are copied.

        Raises
        ------
        Empty, ShutDown
            As for `get`.

        Notes
        -----
        The memory of a view that a killed process held is taken back; `stats` counts it as ``lost``.
        A forked child must not use its parent's views, nor rely on them after the parent let go.
        """
        check_readable(self)
        return get_viewed(self, block, timeout)

    def put_nowait(self, obj):
        """Put an object in, or raise `Full` at once."""
        cdef message m
        check_writable(self)
        alive = encode(self, obj, &m)
        put_message(self, &m, False, None)

    def get_nowait(self):
        """Take the oldest object out, or raise `Empty` at once."""
        check_readable(self)
        return get_one(self, False, None)

    def put_many(self, items, block=True, timeout=None):
        """Put all objects in, in order; wait for room as often as need be.

        Parameters
        ----------
        items : iterable
            Read to its end and pickled before the first object is put: if one cannot be pickled,
            nothing is sent. Objects of other processes may come to stand between them.
        block, timeout
            As for `put`; the timeout is for the whole call.

        Raises
        ------
        Full, ShutDown, MemoryError
            With the attribute ``count``, the number of objects that were put.
        """
        check_writable(self)
        cdef int64_t deadline = deadline_of(block, timeout)
        put_images(self, tuple(items), deadline)

    def get_many(self, n, block=True, timeout=None):
        """Wait for an object, then take up to `n` that are there.

        Parameters
        ----------
        n : int
            Most objects to take, at least 1.
        block, timeout
            As for `get`; they are about the first object.

        Returns
        -------
        list
            1 to `n` objects, oldest first.

        Raises
        ------
        Empty, ShutDown
            As for `get`; nothing was taken.
        Exception
            What the unpickling of an object raised, with the attribute ``items``: the other objects
            of the batch, which are out of the queue too.
        """
        check_readable(self)
        return get_some(self, n, block, timeout)

    def qsize(self):
        """Return how many objects are inside: exact when nobody else uses the queue."""
        check_open(self)
        return ac_shm_queue_depth(&self.q)

    def empty(self):
        """Return whether there was nothing inside at some instant of the call."""
        check_open(self)
        return ac_shm_queue_is_empty(&self.q)

    def full(self):
        """Return whether there were `maxsize` objects inside at some instant of the call."""
        check_open(self)
        return self.q.maxsize != 0 and ac_shm_queue_depth(&self.q) >= self.q.maxsize

    def shutdown(self, immediate=False):
        """Let no more objects in, and wake everybody who waits, in every process.

        Parameters
        ----------
        immediate : bool, default False
            Also throw away what is inside, counted as done. Otherwise `get` goes on until the queue
            is empty and raises `ShutDown` then.
        """
        cdef bint discard = bool(immediate)
        cdef ac_shm_status status = AC_SHM_BUSY
        check_open(self)
        while status == AC_SHM_BUSY:
            PyErr_CheckSignals()
            with nogil:
                status = ac_shm_queue_shutdown(&self.q, discard)
        raise_status(self, status)

    def close(self):
        """Say that this process uses the queue no more; others are not concerned.

        After it `put` and `get` raise ValueError here. What was put stays in the queue.
        """
        self.closed |= CLOSED_QUEUE

    def join_thread(self):
        """Do nothing: objects are in shared memory when `put` returns, and there is no thread.

        Raises
        ------
        AssertionError
            `close` was not called, as for `multiprocessing.Queue`.
        """
        if not self.closed & CLOSED_QUEUE:
            raise AssertionError(f"Queue {self!r} not closed")

    def cancel_join_thread(self):
        """Do nothing: the end of a process never waits for a reader of its queues."""

    def stats(self):
        """Return numbers about the queue's life so far.

        Returns
        -------
        dict
            ``depth`` objects inside, ``puts`` and ``gets`` objects ever moved, ``bytes`` ever moved
            in, ``waiting_bytes`` inside, ``memory_bytes`` held at the moment, ``limit_bytes`` that
            may wait, ``unfinished`` tasks, ``maxsize``, ``deaths`` of processes in the middle of a
            put or get that were noticed and repaired, ``lost`` objects that these may have held (at
            most so many), ``lanes`` in use, one for each process that puts.
        """
        cdef ac_shm_queue_stats s
        check_open(self)
        ac_shm_queue_stat(&self.q, &s)
        return {
            "depth": s.puts - s.gets if s.puts > s.gets else 0,
            "puts": s.puts,
            "gets": s.gets,
            "bytes": s.bytes,
            "waiting_bytes": s.waiting_bytes,
            "memory_bytes": s.memory_bytes,
            "limit_bytes": s.limit_bytes,
            "unfinished": s.puts - s.done if s.puts > s.done else 0,
            "maxsize": self.q.maxsize,
            "deaths": s.deaths,
            "lost": s.lost,
            "lanes": s.lanes,
        }

    @property
    def maxsize(self):
        """The bound, 0 for none."""
        check_open(self)
        return self.q.maxsize

    @property
    def is_shutdown(self):
        """Whether `shutdown` was called, in any process."""
        check_open(self)
        return ac_shm_queue_is_shut_down(&self.q)

    def _serialize(self, dumps, loads):
        """From now on turn objects to bytes with these two; None: as usual."""
        self.dumps, self.loads = dumps, loads

    @property
    def checksum(self):
        """Whether each message carries a checksum."""
        check_open(self)
        return bool(self.q.flags & CHECKED)

    def _enlist(self):
        """Say that this process has the queue open by its name, through this object."""
        check_open(self)
        if not ac_shm_party_enlist(&self.q):
            raise RuntimeError("living processes have this queue open by its name 256 times: no place for more")
        self.enlisted = True

    def _delist(self):
        check_open(self)
        if self.enlisted:
            ac_shm_party_delist(&self.q)

    def _all_dead(self):
        check_open(self)
        return ac_shm_party_all_dead(&self.q)

    def _parties(self):
        """Return (process number, whether it is dead, opened it, puts, takes) of each process."""
        cdef ac_shm_party parties[1500]
        cdef size_t n, i
        check_open(self)
        n = ac_shm_party_list(&self.q, parties, 1500)
        return [
            (
                parties[i].peer >> 32,
                bool(parties[i].dead),
                bool(parties[i].roles & AC_SHM_OPENED),
                bool(parties[i].roles & AC_SHM_PUTS),
                bool(parties[i].roles & AC_SHM_TAKES),
            )
            for i in range(n)
        ]

    def _task_done(self):
        check_open(self)
        if not ac_shm_queue_done(&self.q):
            raise ValueError("task_done() called too many times")

    def _join(self):
        cdef ac_shm_status status
        cdef int64_t until
        cdef ac_slices slices = ac_slices(length_ns=0)
        check_open(self)
        while True:
            until = ac_slices_end(&slices, AC_FOREVER)
            with nogil:
                status = ac_shm_queue_join(&self.q, until)
            if status == AC_SHM_OK:
                return
            waited(&slices, status)
            PyErr_CheckSignals()


cdef int check_open(ShmQueue self) except -1:
    if self.q.region.base == NULL:
        raise RuntimeError(
            f"{type(self).__name__}.__init__ was not called; a subclass that has its own "
            "must call super().__init__()"
        )
    return 0


cdef int check_writable(ShmQueue self) except -1:
    check_open(self)
    if self.closed and self.closed != CLOSED_READER:
        refuse_closed(self)
    return 0


cdef int check_readable(ShmQueue self) except -1:
    check_open(self)
    if self.closed and self.closed != CLOSED_WRITER:
        refuse_closed(self)
    return 0


cdef int raise_status(ShmQueue self, ac_shm_status status) except -1:
    # The one place where a status of the core becomes an exception.
    if status == AC_SHM_OK:
        return 0
    if status == AC_SHM_CLOSED:
        raise ShutDown
    if status == AC_SHM_EMPTY:
        raise Empty
    if status == AC_SHM_FULL:
        raise Full
    if status == AC_SHM_LIMIT:
        stats = self.stats()
        raise MemoryError(
            f"the queue holds {stats['waiting_bytes'] >> 20} MB in {stats['depth']} messages, and "
            f"its limit is {stats['limit_bytes'] >> 20} MB: the message was not put. Give the "
            "queue a maxsize, so that put waits for the readers, or start more readers"
        )
    if status == AC_SHM_NOMEM:
        if ac_shm_bell_is_file(self.q.bell):
            raise MemoryError(
                "/dev/shm, where a queue with a name lies, or the memory has no room for the message; nothing "
                "was put or taken. Look at 'df /dev/shm' (a container's is small unless it is given more: docker "
                "run --shm-size), or give the queue a maxsize"
            )
        raise MemoryError(
            "the system has no memory for the message; nothing was put or taken. Give the queue a "
            "maxsize, or raise the limit that is set on this process or container"
        )
    raise QueueCorrupted("a process has written over the queue's shared memory: make a new queue")


include "shm_ready.pxi"
include "shm_moves.pxi"
include "shm_carrier.pxi"
include "shm_views.pxi"
