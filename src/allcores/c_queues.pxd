# Bounded queues of pointers and of records, without the GIL. Manual: docs/extensions.md.
from libc.stdint cimport int64_t, uint64_t

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
    int64_t deadline_after "ac_deadline_after"(int64_t timeout_ns)

cdef extern from "queues/ac_pointers.h" nogil:
    ctypedef struct pointers_t "ac_pointers":
        pass
    status_t pointers_init "ac_pointers_init"(pointers_t *q, uint64_t limit)
    void pointers_destroy "ac_pointers_destroy"(pointers_t *q)
    status_t pointers_try_put "ac_pointers_try_put"(pointers_t *q, void *item)
    status_t pointers_try_get "ac_pointers_try_get"(pointers_t *q, void **item)
    status_t pointers_put "ac_pointers_put"(pointers_t *q, void *item, int64_t deadline_ns)
    status_t pointers_get "ac_pointers_get"(pointers_t *q, void **item, int64_t deadline_ns)
    void pointers_close "ac_pointers_close"(pointers_t *q)
    uint64_t pointers_size "ac_pointers_size"(pointers_t *q)

cdef extern from "queues/ac_records.h" nogil:
    ctypedef struct records_t "ac_records":
        pass
    status_t records_init "ac_records_init"(records_t *q, size_t size, uint64_t limit)
    void records_destroy "ac_records_destroy"(records_t *q)
    status_t records_put "ac_records_put"(records_t *q, const void *record, int64_t deadline_ns)
    status_t records_get "ac_records_get"(records_t *q, void *record, int64_t deadline_ns)
    void records_close "ac_records_close"(records_t *q)
    uint64_t records_size "ac_records_size"(records_t *q)
