"""What threads wait for each other with: the classes of `allcores.threading`.

Decisions run attached to the interpreter, waits run detached: a permit, a flag, a place in a row changes
hands only while the thread state is held (csrc/sync). A call that need not wait is one or two
instructions on a word; the entries of the hot methods are exchanged for ones without argument parsing
(entries.h), and are written in Cython beside their class (`fast_...`).
"""

import os
import warnings
from functools import wraps
from types import GenericAlias

cimport cython
from cpython.object cimport PyObject
from libc.stdint cimport int64_t, uint32_t, uint64_t

from allcores._native.c_sync cimport *

from threading import TIMEOUT_MAX, BrokenBarrierError, Lock

from allcores._common.version import check_compiled

cdef extern from "Python.h":
    unsigned long PyThread_get_thread_ident() noexcept
    long long PyLong_AsLongLongAndOverflow(object, int *) except? -1

ctypedef object (*entry)(object self, PyObject **args, Py_ssize_t nargs, PyObject *kwnames)

cdef extern from "lazy_dict.h":
    void ac_lazy_dict(object self)

cdef extern from "entries.h":
    void *ac_entry_exchange(object type, const char *name, void *fast)
    void ac_entry_turn(ac_turn *turn)

cdef extern from "sync_glue.h":
    object ac_ref_load(PyObject **slot, ac_mutex *m)
    object ac_ref_exchange(PyObject **slot, ac_mutex *m, object value)
    bint ac_ref_compare_exchange(PyObject **slot, ac_mutex *m, object expected, object value)

check_compiled(__name__, AC_VERSION.decode())

# How often this process came out of a fork, and which thread did the last time. Written in the child
# before a second thread exists. A row of waiters that was written under another number is forgotten:
# its threads are another process's (ac_waitlist.h).
cdef uint32_t forks = 0
cdef uint64_t survivor = 0


def _after_fork_in_child():
    global forks, survivor
    forks += 1
    survivor = PyThread_get_thread_ident()


os.register_at_fork(after_in_child=_after_fork_in_child)

include "waits.pxi"
include "sync_waits.pxi"
include "sync_semaphores.pxi"
include "sync_events.pxi"
include "sync_locks.pxi"
include "sync_conditions.pxi"
include "sync_barriers.pxi"
include "sync_rwlocks.pxi"
include "sync_atomics.pxi"
include "sync_once.pxi"


cdef void install_entries():
    # Before anybody can call.
    global slow_sem_acquire, slow_sem_release, slow_sem_exit
    global slow_event_wait, slow_cond_exit, slow_cond_notify, slow_int_add
    slow_sem_acquire = <entry>ac_entry_exchange(Semaphore, "acquire", <void *>fast_sem_acquire)
    slow_sem_release = <entry>ac_entry_exchange(Semaphore, "release", <void *>fast_sem_release)
    slow_sem_exit = <entry>ac_entry_exchange(Semaphore, "__exit__", <void *>fast_sem_exit)
    slow_event_wait = <entry>ac_entry_exchange(Event, "wait", <void *>fast_event_wait)
    slow_cond_exit = <entry>ac_entry_exchange(Condition, "__exit__", <void *>fast_cond_exit)
    slow_cond_notify = <entry>ac_entry_exchange(Condition, "notify", <void *>fast_cond_notify)
    slow_int_add = <entry>ac_entry_exchange(AtomicInt, "fetch_add", <void *>fast_int_add)


install_entries()
