# Event count, latch and deadlines, without the GIL. Manual: docs/extensions.md.
from libc.stdint cimport int64_t, uint32_t, uint64_t

cdef extern from "wait/ac_wait_linux.h":
    pass

cdef extern from "base/ac_base.h" nogil:
    ctypedef enum status_t "ac_status":
        OK "AC_OK"
        EMPTY "AC_EMPTY"
        FULL "AC_FULL"
        CLOSED "AC_CLOSED"
        NOMEM "AC_NOMEM"

cdef extern from "base/ac_clock.h" nogil:
    int64_t FOREVER "AC_FOREVER"
    int64_t now_ns "ac_now_ns"()
    int64_t deadline_after "ac_deadline_after"(int64_t timeout_ns)

cdef extern from "wait/ac_wait.h" nogil:
    ctypedef enum wait_status_t "ac_wait_status":
        WOKEN "AC_WAIT_WOKEN"
        CHANGED "AC_WAIT_CHANGED"
        TIMEOUT "AC_WAIT_TIMEOUT"
        INTERRUPTED "AC_WAIT_INTERRUPTED"
    unsigned PRIVATE "AC_WAIT_PRIVATE"

cdef extern from "sync/ac_event_count.h" nogil:
    ctypedef struct event_count_t "ac_event_count":
        pass
    uint32_t ec_prepare "ac_ec_prepare"(event_count_t *ec)
    wait_status_t ec_wait "ac_ec_wait"(event_count_t *ec, uint32_t key, int64_t deadline_ns, unsigned flags)
    void ec_notify_one "ac_ec_notify_one"(event_count_t *ec, unsigned flags)
    void ec_notify_all "ac_ec_notify_all"(event_count_t *ec, unsigned flags)

cdef extern from "sync/ac_latch.h" nogil:
    ctypedef struct latch_t "ac_latch":
        pass
    void latch_init "ac_latch_init"(latch_t *latch, uint64_t count)
    uint64_t latch_count "ac_latch_count"(latch_t *latch)
    status_t latch_count_down "ac_latch_count_down"(latch_t *latch, uint64_t by)
    bint latch_wait "ac_latch_wait"(latch_t *latch, int64_t deadline_ns)
