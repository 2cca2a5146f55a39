# The declarations of csrc/queues and csrc/sync that the queues need. No code.
from libc.stdint cimport int64_t, uint32_t, uint64_t, uintptr_t

cdef extern from "base/ac_base.h" nogil:
    const char *AC_VERSION
    ctypedef enum ac_status:
        AC_OK
        AC_EMPTY
        AC_FULL
        AC_CLOSED
        AC_NOMEM
        AC_MISUSE
        AC_ELSEWHERE

cdef extern from "base/ac_clock.h" nogil:
    int64_t AC_FOREVER
    int64_t AC_NS_PER_MS
    int64_t ac_now_ns()
    int64_t ac_deadline_after(int64_t timeout_ns)

cdef extern from "sync/ac_turn.h" nogil:
    ctypedef struct ac_turn:
        pass

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

cdef extern from "sync/ac_event_count.h" nogil:
    ctypedef struct ac_event_count:
        pass
    uint32_t ac_ec_prepare(ac_event_count *ec)
    ac_wait_status ac_ec_wait(ac_event_count *ec, uint32_t key, int64_t deadline_ns, unsigned flags)
    void ac_ec_notify_all(ac_event_count *ec, unsigned flags)
    bint ac_ec_has_listeners(ac_event_count *ec)

cdef extern from "sync/ac_mutex.h" nogil:
    ctypedef struct ac_mutex:
        pass
    void ac_mutex_lock(ac_mutex *m)
    void ac_mutex_unlock(ac_mutex *m)

cdef extern from "queues/ac_channel.h":  # attached: what they call back may be Python
    ctypedef enum ac_store_kind:
        AC_STORE_FIFO
        AC_STORE_LIFO
        AC_STORE_PAIR
        AC_STORE_MANY
    uint64_t AC_SPSC_MAX_CAPACITY
    uint64_t AC_SHARDED_MAX_SHARDS
    ctypedef struct ac_store:
        pass
    ctypedef struct ac_store_contents:
        uintptr_t *part[2]
        uint64_t count[2]
        bint was_closed
    ac_status ac_store_peek(ac_store *q, void (*keep)(uintptr_t item) noexcept, uintptr_t *item)
    int AC_CHANNEL_ITEM
    int AC_CHANNEL_ROOM
    ctypedef struct ac_channel:
        ac_store store
        ac_turn turn
        ac_event_count not_empty
        ac_event_count not_full
        ac_event_count all_done
        void (*heard)(void *arg, int what) noexcept
        void *heard_arg
        void *owner
    void ac_channel_tell_listeners(ac_channel *ch, int what)

cdef extern from "queues/ac_channel.h" nogil:
    uint64_t ac_store_size(ac_store *q)
    uint64_t ac_store_pushed(ac_store *q)
    uint64_t ac_store_limit(ac_store *q)
    bint ac_store_is_closed(ac_store *q)
    bint ac_store_is_elsewhere(ac_store *q)
    ac_status ac_store_try_push_many(ac_store *q, const uintptr_t *items, uint64_t count,
                                     uint64_t *done)
    ac_status ac_store_try_pop_many(ac_store *q, uintptr_t *items, uint64_t count, uint64_t *done)
    uintptr_t *ac_store_take_rest(ac_store *q, uint64_t *count)
    ac_channel *ac_channel_new(ac_store_kind kind, uint64_t number)
    void ac_channel_free(ac_channel *ch)
    ac_status ac_channel_push(ac_channel *ch, uintptr_t item)
    ac_status ac_channel_pop(ac_channel *ch, uintptr_t *item)
    void ac_channel_pushed(ac_channel *ch, uint64_t count)
    void ac_channel_popped(ac_channel *ch, uint64_t count)
    void ac_channel_pass_get(ac_channel *ch)
    void ac_channel_pass_put(ac_channel *ch)
    ac_status ac_channel_close(ac_channel *ch)
    ac_status ac_channel_set_limit(ac_channel *ch, uint64_t limit)
    ac_status ac_channel_evict(ac_channel *ch, ac_store_contents *all, uint64_t *unfinished)
    bint ac_channel_is_evicted(ac_channel *ch)
    void ac_channel_listen(ac_channel *ch, int what, bint on)  # calls back nothing
    uint64_t ac_channel_watch(ac_channel *ch)
    uint64_t ac_channel_unfinished(ac_channel *ch)
    ac_status ac_channel_finish(ac_channel *ch, uint64_t count)
    void ac_channel_spin(ac_channel *ch, bint get, int64_t deadline_ns)
    void ac_channel_count_wait(ac_channel *ch)
    uint64_t ac_channel_waits(ac_channel *ch)
