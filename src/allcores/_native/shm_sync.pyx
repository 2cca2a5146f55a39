"""What processes wait for each other with: the natives behind `allcores.multiprocessing`.

Each object is a few words in a segment that many objects share (shm_sync_slabs.pxi), and a small Python
object in each process that has it. A call that need not wait is one or two instructions on a word
(csrc/shm/ac_shared_*.h), without argument parsing (sync_glue.h). What must wait spins a few microseconds
and then sleeps, detached, in slices: signal handlers run between them, a wake that died with its sender
only delays, and the death of an owner is noticed.
"""

cimport cython
from cpython.buffer cimport PyBUF_FORMAT, PyBUF_ND, PyBUF_STRIDES, PyBUF_F_CONTIGUOUS
from cpython.exc cimport PyErr_CheckSignals
from cpython.object cimport PyObject
from libc.errno cimport EMFILE, ENFILE, ENOMEM, ENOSPC
from libc.string cimport memset

from allcores._native.c_shared cimport *
from allcores._native.runtime cimport runtime_in_main_thread

import os
import threading
import warnings
from multiprocessing import process as std_process
from multiprocessing.context import assert_spawning

from allcores._common.version import check_compiled
from allcores.errors import OwnerDiedWarning

cdef extern from "Python.h":
    unsigned long PyThread_get_thread_ident() noexcept
    long long PyLong_AsLongLongAndOverflow(object, int *) except? -1

ctypedef object (*entry)(object self, PyObject **args, Py_ssize_t nargs, PyObject *kwnames)

cdef extern from "lazy_dict.h":
    void ac_lazy_dict(object self)

cdef extern from "sync_glue.h":
    void *ac_entry_exchange(object type, const char *name, void *fast)

check_compiled(__name__, AC_VERSION.decode())

# This process (ac_shared_id.h); zero until it is asked for. Written in a forked child before a second
# thread exists; two threads that ask at once write the same.
cdef uint64_t self_id = 0
# How often this process came out of a fork, and how often it has forked.
cdef uint32_t generation = 0
cdef uint64_t forks = 0


def _before_fork():
    global forks
    forks += 1


def _after_fork_in_child():
    global self_id, generation
    self_id = 0
    generation += 1
    forget_slabs()


os.register_at_fork(before=_before_fork, after_in_child=_after_fork_in_child)


cdef inline uint64_t me() noexcept:
    global self_id
    if self_id == 0:
        self_id = ac_shared_id_self()
    return self_id


cdef inline uint64_t this_thread() noexcept:
    return PyThread_get_thread_ident()


def own_id():
    """Return the number of this process, which no other process has: see csrc/shm/ac_shared_id.h."""
    return me()


def is_dead(id):
    """Return whether the process with a number of `own_id` has ended."""
    cdef uint64_t number = id
    return ac_shared_id_dead(number, True)


include "shm_sync_slabs.pxi"
include "shm_sync_locks.pxi"
include "shm_sync_semaphores.pxi"
include "shm_sync_events.pxi"
include "shm_sync_rows.pxi"
include "shm_sync_values.pxi"


cdef void install_entries():
    # Before anybody can call.
    global slow_lock_acquire, slow_lock_exit, slow_rlock_acquire, slow_rlock_exit
    global slow_sem_acquire, slow_sem_exit
    slow_lock_acquire = <entry>ac_entry_exchange(Lock, "acquire", <void *>fast_lock_acquire)
    slow_lock_exit = <entry>ac_entry_exchange(Lock, "__exit__", <void *>fast_lock_exit)
    slow_rlock_acquire = <entry>ac_entry_exchange(RLock, "acquire", <void *>fast_rlock_acquire)
    slow_rlock_exit = <entry>ac_entry_exchange(RLock, "__exit__", <void *>fast_rlock_exit)
    slow_sem_acquire = <entry>ac_entry_exchange(Semaphore, "acquire", <void *>fast_sem_acquire)
    slow_sem_exit = <entry>ac_entry_exchange(Semaphore, "__exit__", <void *>fast_sem_exit)


install_entries()
