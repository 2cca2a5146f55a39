/* ac_channel.h - a fifo with places to sleep: for an item, for room, for all tasks to be done.
 *
 * The fifo's try-operations with the notifications that belong to them, and the count of tasks of
 * queue.Queue (task_done, join). The sleeping itself is the caller's loop (see ac_event_count.h),
 * because the caller has an interpreter to let go of and signals to look after.
 *
 *   tasks   unfinished = pushed - done. `done` also counts what an immediate shutdown threw away,
 *           so that a push needs no counter of its own.
 *
 * With AC_GUARDED_BY_LOCK the caller's lock serialises ac_channel_push, _pop and the re-check of a
 * waiter; the spins and the sleeps run without it.
 */
#ifndef AC_CHANNEL_H
#define AC_CHANNEL_H

#include "queues/ac_fifo.h"
#include "sync/ac_event_count.h"

#include <string.h>

typedef struct ac_channel {
    ac_fifo fifo;
    AC_ALIGNED_LINE ac_event_count not_empty; /* getters sleep here, pushes notify */
    ac_event_count not_full;                  /* putters sleep here, pops notify */
    ac_event_count all_done;                  /* joiners sleep here, task_done notifies */
    ac_atomic_u32 spin_ns;                    /* how long a getter or putter spins; by all who
                                                 waited, a lost update is harmless */
    ac_atomic_u64 waits;                      /* calls that had to sleep; by those */
    AC_ALIGNED_LINE ac_atomic_u64 done;       /* tasks; written by task_done and shutdown */
} ac_channel;

/* A new channel, aligned to its cache lines, or NULL when there is no memory. */
AC_UNUSED static ac_channel *ac_channel_new(uint64_t limit) {
    const size_t size = (sizeof(ac_channel) + AC_CACHE_LINE - 1) / AC_CACHE_LINE * AC_CACHE_LINE;
    ac_channel *const ch = aligned_alloc(AC_CACHE_LINE, size);
    if (ch == NULL) return NULL;
    memset((void *)ch, 0, size);
    if (!ac_fifo_init(&ch->fifo, limit)) {
        free(ch);
        return NULL;
    }
    return ch;
}

/* The items are the caller's to take out before. No thread may be inside. NULL is allowed. */
AC_UNUSED static void ac_channel_free(ac_channel *ch) {
    if (ch == NULL) return;
    ac_fifo_destroy(&ch->fifo);
    free(ch);
}

/* Tries to push, and wakes a getter. AC_OK, AC_FULL, AC_CLOSED or AC_NOMEM. */
AC_INLINE ac_status ac_channel_push(ac_channel *ch, uintptr_t item) {
    const ac_status status = ac_fifo_try_push(&ch->fifo, item);
    if (AC_LIKELY(status == AC_OK)) ac_ec_notify_one_claimed(&ch->not_empty, AC_WAIT_PRIVATE);
    return status;
}

/* Tries to pop, and wakes a putter. AC_OK, AC_EMPTY or AC_CLOSED. */
AC_INLINE ac_status ac_channel_pop(ac_channel *ch, uintptr_t *item) {
    const ac_status status = ac_fifo_try_pop(&ch->fifo, item);
    if (AC_LIKELY(status == AC_OK)) ac_ec_notify_one_claimed(&ch->not_full, AC_WAIT_PRIVATE);
    return status;
}

AC_UNUSED static ac_status ac_channel_push_many(ac_channel *ch, const uintptr_t *items,
                                                uint64_t count, uint64_t *done) {
    const ac_status status = ac_fifo_try_push_many(&ch->fifo, items, count, done);
    if (status != AC_OK) return status;
    if (*done > 1)
        ac_ec_notify_all(&ch->not_empty, AC_WAIT_PRIVATE);
    else
        ac_ec_notify_one_claimed(&ch->not_empty, AC_WAIT_PRIVATE);
    return status;
}

AC_UNUSED static ac_status ac_channel_pop_many(ac_channel *ch, uintptr_t *items, uint64_t count,
                                               uint64_t *done) {
    const ac_status status = ac_fifo_try_pop_many(&ch->fifo, items, count, done);
    if (status != AC_OK) return status;
    if (*done > 1)
        ac_ec_notify_all(&ch->not_full, AC_WAIT_PRIVATE);
    else
        ac_ec_notify_one_claimed(&ch->not_full, AC_WAIT_PRIVATE);
    return status;
}

/* The baton of a getter that has slept: a notification clears the flag and wakes one, so that who was
 * woken answers for all who still sleep. If there is more, or an end to be told of, it wakes the
 * next. (Without "closed", a close that comes between a wake and the woken one's next look would
 * find the flag clear and leave the others asleep.) */
AC_INLINE void ac_channel_pass_get(ac_channel *ch) {
    if (ac_fifo_size(&ch->fifo) > 0 || ac_fifo_is_closed(&ch->fifo))
        ac_ec_notify_one(&ch->not_empty, AC_WAIT_PRIVATE);
}

/* The baton of a putter that has slept: if there is room, or an end to be told of. */
AC_INLINE void ac_channel_pass_put(ac_channel *ch) {
    const uint64_t limit = ac_fifo_limit(&ch->fifo);
    if (limit == 0 || ac_fifo_size(&ch->fifo) < limit || ac_fifo_is_closed(&ch->fifo))
        ac_ec_notify_one(&ch->not_full, AC_WAIT_PRIVATE);
}

/* No push succeeds after it; everybody who sleeps wakes up. */
AC_UNUSED static void ac_channel_close(ac_channel *ch) {
    ac_fifo_close(&ch->fifo);
    ac_ec_notify_all(&ch->not_empty, AC_WAIT_PRIVATE);
    ac_ec_notify_all(&ch->not_full, AC_WAIT_PRIVATE);
}

/* Sets the bound (0 for none); putters look again. */
AC_UNUSED static void ac_channel_set_limit(ac_channel *ch, uint64_t limit) {
    ac_fifo_set_limit(&ch->fifo, limit);
    ac_ec_notify_all(&ch->not_full, AC_WAIT_PRIVATE);
}

AC_INLINE uint64_t ac_channel_unfinished(ac_channel *ch) {
    const uint64_t done = ac_load_acquire(&ch->done); /* first: it never passes the pushes */
    return ac_fifo_pushed(&ch->fifo) - done;
}

/* Counts tasks as done; false, and nothing counted, if there were not so many unfinished ones. */
AC_UNUSED static bool ac_channel_finish(ac_channel *ch, uint64_t count) {
    uint64_t done = ac_load_relaxed(&ch->done);
    do {
        if (ac_fifo_pushed(&ch->fifo) - done < count) return false;
    } while (!ac_cas_seq_cst(&ch->done, &done, done + count));
    if (ac_channel_unfinished(ch) == 0) ac_ec_notify_all(&ch->all_done, AC_WAIT_PRIVATE);
    return true;
}

/* How many calls had to sleep. Relaxed: a number to look at. */
AC_INLINE void ac_channel_count_wait(ac_channel *ch) {
    ac_fetch_add_relaxed(&ch->waits, UINT64_C(1));
}
AC_INLINE uint64_t ac_channel_waits(ac_channel *ch) { return ac_load_relaxed(&ch->waits); }

/* A spinner that hits doubles its patience up to this, one that misses halves it. A futex wake
 * takes 5 to 50 us; spinning longer than that could only lose. */
#define AC_CHANNEL_SPIN_MAX_NS 20000u
#define AC_CHANNEL_SPIN_MIN_NS 500u

/* With a GIL, the thread that made the condition true still holds it for a moment; attaching at
 * once would mean a futex sleep. Measured: 0.2 us is enough for it to return and go to sleep. */
#define AC_CHANNEL_SETTLE_NS 200

/* Spins, a bounded and adaptive time, until there is an item (`get`) or room, or the channel is
 * closed. It decides nothing: the caller tries again. To be called without the interpreter's lock. */
AC_UNUSED static void ac_channel_spin(ac_channel *ch, bool get, int64_t deadline_ns) {
    uint32_t budget = ac_load_relaxed(&ch->spin_ns);
    if (budget < AC_CHANNEL_SPIN_MIN_NS) budget = AC_CHANNEL_SPIN_MIN_NS;
    const int64_t start = ac_now_ns();
    int64_t until = start + budget;
    if (until > deadline_ns) until = deadline_ns;
    bool hit = false;
    for (;;) {
        const uint64_t size = ac_fifo_size(&ch->fifo);
        const uint64_t limit = ac_fifo_limit(&ch->fifo);
        hit = ac_fifo_is_closed(&ch->fifo) || (get ? size > 0 : limit == 0 || size < limit);
        if (hit || ac_now_ns() >= until) break;
        ac_pause();
    }
    if (hit) {
        budget = budget * 2 < AC_CHANNEL_SPIN_MAX_NS ? budget * 2 : AC_CHANNEL_SPIN_MAX_NS;
#ifdef AC_GUARDED_BY_LOCK
        const int64_t settled = ac_now_ns() + AC_CHANNEL_SETTLE_NS;
        while (ac_now_ns() < settled) ac_pause();
#endif
    } else {
        budget /= 2;
    }
    ac_store_relaxed(&ch->spin_ns, budget);
}

#endif
