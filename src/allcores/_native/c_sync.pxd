# The declarations of csrc/sync that sync.pyx needs. No code.
from libc.stdint cimport int64_t, uint32_t, uint64_t

cdef extern from "base/ac_base.h" nogil:
    const char *AC_VERSION
    ctypedef enum ac_status:
        AC_OK
        AC_FULL

cdef extern from "base/ac_atomic.h" nogil:
    ctypedef struct ac_atomic_u32:
        pass

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
        AC_WAIT_CHANGED
        AC_WAIT_TIMEOUT
        AC_WAIT_INTERRUPTED
    unsigned AC_WAIT_PRIVATE
    ac_wait_status ac_wait(ac_atomic_u32 *word, uint32_t expected, int64_t deadline_ns, unsigned flags)

cdef extern from "sync/ac_event_count.h" nogil:
    ctypedef struct ac_event_count:
        pass
    uint32_t ac_ec_prepare(ac_event_count *ec)
    ac_wait_status ac_ec_wait(ac_event_count *ec, uint32_t key, int64_t deadline_ns, unsigned flags)
    void ac_ec_notify_all(ac_event_count *ec, unsigned flags)

cdef extern from "sync/ac_mutex.h" nogil:
    ctypedef struct ac_mutex:
        pass

cdef extern from "sync/ac_turn.h" nogil:
    ctypedef struct ac_turn:
        pass

cdef extern from "sync/ac_spin.h" nogil:
    ctypedef struct ac_spin:
        pass
    void ac_spin_attached(ac_spin *spin, int64_t left_ns)

cdef extern from "sync/ac_semaphore.h" nogil:
    uint64_t AC_SEMAPHORE_MAX
    ctypedef struct ac_semaphore:
        ac_event_count freed
        ac_spin spin
    void ac_semaphore_init(ac_semaphore *s, uint64_t value, uint64_t limit)
    uint64_t ac_semaphore_value(ac_semaphore *s)
    bint ac_semaphore_try_acquire(ac_semaphore *s)
    ac_status ac_semaphore_release(ac_semaphore *s, uint64_t count)
    void ac_semaphore_pass(ac_semaphore *s)
    int64_t ac_semaphore_spin(ac_semaphore *s, int64_t deadline_ns)

cdef extern from "sync/ac_event.h" nogil:
    ctypedef struct ac_event:
        ac_atomic_u32 word
        ac_spin spin
    bint ac_event_is_set(ac_event *e)
    bint ac_event_set(ac_event *e)
    bint ac_event_clear(ac_event *e)
    uint32_t ac_event_look(ac_event *e)
    uint32_t ac_event_prepare(ac_event *e, uint32_t first)
    int64_t ac_event_spin(ac_event *e, uint32_t first, int64_t deadline_ns)

cdef extern from "sync/ac_latch.h" nogil:
    ctypedef struct ac_latch:
        ac_event_count zero
        ac_spin spin
    void ac_latch_init(ac_latch *l, uint64_t count)
    uint64_t ac_latch_count(ac_latch *l)
    ac_status ac_latch_count_down(ac_latch *l, uint64_t by)
    int64_t ac_latch_spin(ac_latch *l, int64_t deadline_ns)

cdef extern from "sync/ac_waitlist.h" nogil:
    uint32_t AC_WAITER_ASLEEP
    uint32_t AC_WAITER_ANSWER
    ctypedef struct ac_waiter:
        ac_atomic_u32 word
        uint32_t kind
        uint32_t generation
    ctypedef struct ac_waitlist:
        ac_spin spin
    uint32_t ac_waitlist_count(ac_waitlist *list)
    void ac_waitlist_reset(ac_waitlist *list)
    ac_waiter *ac_waiter_new(uint32_t kind, uint64_t owner)
    void ac_waiter_free(ac_waiter *w)
    void ac_waitlist_enter(ac_waitlist *list, ac_waiter *w, uint32_t generation)
    uint32_t ac_waiter_prepare(ac_waiter *w)
    uint32_t ac_waitlist_leave(ac_waitlist *list, ac_waiter *w, uint32_t generation)
    int64_t ac_waiter_spin(ac_waitlist *list, ac_waiter *w, int64_t deadline_ns)
    uint32_t ac_waitlist_wake(ac_waitlist *list, uint32_t count, uint32_t answer, uint32_t generation)

cdef extern from "sync/ac_relock.h" nogil:
    uint32_t AC_RELOCK_CONTENDED
    ctypedef struct ac_relock:
        ac_atomic_u32 word
        ac_spin spin
    bint ac_relock_is_owned(ac_relock *l, uint64_t me)
    uint64_t ac_relock_owner(ac_relock *l)
    uint64_t ac_relock_depth(ac_relock *l)
    bint ac_relock_try(ac_relock *l, uint64_t me)
    bint ac_relock_prepare(ac_relock *l, uint64_t me)
    uint64_t ac_relock_save(ac_relock *l)
    void ac_relock_unlock(ac_relock *l)
    void ac_relock_restore(ac_relock *l, uint64_t depth)
    void ac_relock_pass(ac_relock *l)
    int64_t ac_relock_spin(ac_relock *l, int64_t deadline_ns)
    void ac_relock_reset(ac_relock *l)

cdef extern from "sync/ac_rwlock.h" nogil:
    uint32_t AC_RW_READ
    uint32_t AC_RW_WRITE
    ctypedef struct ac_rwlock:
        ac_waitlist row
    uint64_t ac_rwlock_readers(ac_rwlock *rw)
    bint ac_rwlock_is_written(ac_rwlock *rw)
    bint ac_rwlock_is_writer(ac_rwlock *rw, uint64_t me)
    bint ac_rwlock_try_read(ac_rwlock *rw)
    bint ac_rwlock_try_write(ac_rwlock *rw, uint64_t me)
    void ac_rwlock_enter(ac_rwlock *rw, ac_waiter *w, uint32_t generation)
    uint32_t ac_rwlock_leave(ac_rwlock *rw, ac_waiter *w, uint32_t generation)
    bint ac_rwlock_release_read(ac_rwlock *rw, uint32_t generation)
    bint ac_rwlock_release_write(ac_rwlock *rw, uint64_t me, uint32_t generation)
    bint ac_rwlock_downgrade(ac_rwlock *rw, uint64_t me, uint32_t generation)

cdef extern from "sync/ac_barrier.h" nogil:
    uint32_t AC_BARRIER_BROKEN, AC_BARRIER_FILLING, AC_BARRIER_LATE
    uint32_t AC_BARRIER_WAIT, AC_BARRIER_PASSED, AC_BARRIER_FAILED, AC_BARRIER_AGAIN, AC_BARRIER_ACT
    ctypedef struct ac_barrier:
        ac_waitlist row
        uint64_t parties
    uint32_t ac_barrier_arrive(ac_barrier *b, ac_waiter *w, bint has_action, uint64_t *index,
                               uint64_t *round, uint32_t generation)
    uint32_t ac_barrier_finish(ac_barrier *b, uint64_t round, bint well, uint32_t generation)
    uint32_t ac_barrier_leave(ac_barrier *b, ac_waiter *w, bint by_deadline, uint32_t generation)
    void ac_barrier_turn(ac_barrier *b, uint32_t state, uint32_t generation)
    bint ac_barrier_is_broken(ac_barrier *b)
    uint64_t ac_barrier_waiting(ac_barrier *b)

cdef extern from "sync/ac_once.h" nogil:
    ctypedef enum ac_once_step:
        AC_ONCE_DONE
        AC_ONCE_RUN
        AC_ONCE_WAIT
        AC_ONCE_RECURSION
    ctypedef struct ac_once:
        ac_event_count ended
    bint ac_once_is_done(ac_once *o)
    ac_once_step ac_once_begin(ac_once *o, uint64_t me, uint64_t survivor, uint32_t generation)
    void ac_once_end(ac_once *o, bint well)

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
