# The declarations of csrc/shm/ac_shared_*.h, and what shm_sync.pyx needs beside them. No code.
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

cdef extern from "base/ac_base.h" nogil:
    const char *AC_VERSION
    ctypedef enum ac_status:
        AC_OK
        AC_FULL

cdef extern from "base/ac_atomic.h" nogil:
    ctypedef struct ac_atomic_u32:
        pass
    ctypedef struct ac_atomic_u64:
        pass
    uint64_t load_u64 "ac_load_relaxed"(ac_atomic_u64 *p)
    void store_u64 "ac_store_relaxed"(ac_atomic_u64 *p, uint64_t v)
    uint32_t load_u32 "ac_load_relaxed"(ac_atomic_u32 *p)
    void store_u32 "ac_store_relaxed"(ac_atomic_u32 *p, uint32_t v)
    uint32_t fetch_add_u32 "ac_fetch_add_acq_rel"(ac_atomic_u32 *p, uint32_t v)

cdef extern from "base/ac_clock.h" nogil:
    int64_t AC_FOREVER
    int64_t AC_NS_PER_MS
    int64_t ac_now_ns()
    int64_t ac_deadline_after(int64_t timeout_ns)

cdef extern from "wait/ac_slices.h" nogil:
    ctypedef struct ac_slices:
        int64_t length_ns
    int64_t ac_slices_end(ac_slices *s, int64_t deadline_ns)
    void ac_slices_slept(ac_slices *s, bint whole)

cdef extern from "wait/ac_wait.h" nogil:
    ctypedef enum ac_wait_status:
        AC_WAIT_WOKEN
        AC_WAIT_TIMEOUT
    unsigned AC_WAIT_SHARED
    ac_wait_status ac_wait(ac_atomic_u32 *word, uint32_t expected, int64_t deadline_ns, unsigned flags)

cdef extern from "sync/ac_spin.h" nogil:
    ctypedef struct ac_spin:
        pass

cdef extern from "sync/ac_event_count.h" nogil:
    ctypedef struct ac_event_count:
        ac_atomic_u32 word
    uint32_t ac_ec_prepare(ac_event_count *ec)
    void ac_ec_notify_one(ac_event_count *ec, unsigned flags)

cdef extern from "sync/ac_atomic_int.h" nogil:
    ctypedef enum ac_int_op:
        AC_INT_ADD
        AC_INT_SUB
        AC_INT_AND
        AC_INT_OR
        AC_INT_XOR
        AC_INT_SET
    ctypedef struct ac_atomic_int:
        pass
    int64_t ac_atomic_int_load(ac_atomic_int *a)
    void ac_atomic_int_store(ac_atomic_int *a, int64_t v)
    bint ac_atomic_int_apply(ac_atomic_int *a, ac_int_op op, int64_t v, int64_t *before)
    bint ac_atomic_int_cas(ac_atomic_int *a, int64_t expected, int64_t desired)

cdef extern from "shm/ac_shm_region.h" nogil:
    ctypedef struct ac_shm_region:
        uint8_t *base
        size_t bytes
        int fd
    int ac_shm_region_create(ac_shm_region *r, size_t bytes)
    int ac_shm_region_attach(ac_shm_region *r, int fd)
    int ac_shm_region_back(const ac_shm_region *r, size_t offset, size_t bytes)
    void ac_shm_region_close(ac_shm_region *r)

cdef extern from "shm/ac_shared_id.h" nogil:
    uint64_t ac_shared_id_self()
    bint ac_shared_id_dead(uint64_t id, bint thorough)
    uint32_t ac_shared_id_pid(uint64_t id)

cdef extern from "shm/ac_shared_lock.h" nogil:
    ctypedef struct ac_shared_lock:
        ac_atomic_u32 deaths
    uint64_t ac_shared_lock_word(ac_shared_lock *l)
    uint64_t ac_shared_lock_owner(uint64_t word)
    bint ac_shared_lock_try(ac_shared_lock *l, uint64_t me)
    uint64_t ac_shared_lock_prepare(ac_shared_lock *l, uint64_t me)
    bint ac_shared_lock_inherit(ac_shared_lock *l, uint64_t word, uint64_t me)
    ac_wait_status ac_shared_lock_sleep(ac_shared_lock *l, uint64_t word, int64_t deadline)
    bint ac_shared_lock_release(ac_shared_lock *l)
    bint ac_shared_lock_release_own(ac_shared_lock *l, uint64_t me)
    void ac_shared_lock_pass(ac_shared_lock *l)
    int64_t ac_shared_lock_spin(ac_shared_lock *l, ac_spin *spin, int64_t deadline)

cdef extern from "shm/ac_shared_sem.h" nogil:
    uint32_t AC_SHARED_SEM_MAX
    ctypedef struct ac_shared_sem:
        uint32_t limit
    void ac_shared_sem_init(ac_shared_sem *s, uint32_t value, uint32_t limit)
    uint32_t ac_shared_sem_value(ac_shared_sem *s)
    bint ac_shared_sem_try(ac_shared_sem *s)
    bint ac_shared_sem_prepare(ac_shared_sem *s)
    ac_wait_status ac_shared_sem_sleep(ac_shared_sem *s, int64_t deadline)
    ac_status ac_shared_sem_release(ac_shared_sem *s)
    void ac_shared_sem_pass(ac_shared_sem *s)
    int64_t ac_shared_sem_spin(ac_shared_sem *s, ac_spin *spin, int64_t deadline)

cdef extern from "shm/ac_shared_permits.h" nogil:
    ctypedef struct ac_shared_permits:
        ac_event_count freed
        uint32_t count
    bint ac_shared_permits_take(ac_shared_permits *p, uint64_t me)
    bint ac_shared_permits_give(ac_shared_permits *p, uint64_t me)
    uint32_t ac_shared_permits_free(ac_shared_permits *p)
    uint32_t ac_shared_permits_reap(ac_shared_permits *p, uint64_t me, bint thorough)

cdef extern from "shm/ac_shared_event.h" nogil:
    ctypedef struct ac_shared_event:
        ac_atomic_u32 word
    uint32_t ac_shared_event_look(ac_shared_event *e)
    bint ac_shared_event_is_set(ac_shared_event *e)
    void ac_shared_event_set(ac_shared_event *e)
    void ac_shared_event_clear(ac_shared_event *e)
    uint32_t ac_shared_event_prepare(ac_shared_event *e, uint32_t first)
    int64_t ac_shared_event_spin(ac_shared_event *e, ac_spin *spin, uint32_t first, int64_t deadline)

cdef extern from "shm/ac_shared_row.h" nogil:
    uint32_t AC_ROW_WAITING, AC_ROW_FULL
    ctypedef struct ac_shared_place:
        pass
    ctypedef struct ac_shared_row:
        ac_atomic_u32 backed
    void ac_shared_row_backed(ac_shared_row *r, uint32_t count)
    uint32_t ac_shared_row_enter(ac_shared_row *r, uint64_t me)
    uint32_t ac_shared_row_reap_all(ac_shared_row *r, uint64_t me, bint thorough)
    uint32_t ac_shared_row_state(ac_shared_row *r, uint32_t at)
    ac_wait_status ac_shared_row_sleep(ac_shared_row *r, uint32_t at, int64_t deadline)
    uint32_t ac_shared_row_leave(ac_shared_row *r, uint32_t at)
    uint32_t ac_shared_row_count(ac_shared_row *r, uint64_t me)
    uint32_t ac_shared_row_answer(ac_shared_row *r, uint32_t count, uint32_t answer, uint64_t me)
