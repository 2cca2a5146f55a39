/* ac_channel.h - a store with places to sleep: for an item, for room, for all tasks to be done.
 *
 * The store's try-operations with the notifications that belong to them, and the count of tasks of
 * queue.Queue (task_done, join). The sleeping itself is the caller's loop (see ac_event_count.h),
 * because the caller has an interpreter to let go of and signals to look after.
 *
 *   tasks   unfinished = pushed - done. `done` also counts what an immediate shutdown threw away,
 *           so that a push needs no counter of its own.
 *   heard   beside the sleepers there may be listeners (select, event loops) and a watch on the depth;
 *           both hide behind one bit of the event count's word, so that a push without them still
 *           pays one load.
 *
 * With AC_GUARDED_BY_LOCK the caller's lock serialises ac_channel_push, _pop and the re-check of a
 * waiter; the spins and the sleeps run without it.
 */
#ifndef AC_CHANNEL_H
#define AC_CHANNEL_H

#include "queues/ac_store.h"
#include "sync/ac_event_count.h"
#include "sync/ac_turn.h"

#include <string.h>

enum { AC_CHANNEL_ITEM = 0, AC_CHANNEL_ROOM = 1 }; /* what one may listen for */

typedef struct ac_channel {
    ac_store store;
    AC_ALIGNED_LINE ac_turn turn;             /* for the caller, who may let go of an interpreter */
    AC_ALIGNED_LINE ac_event_count not_empty; /* getters sleep here, pushes notify */
    ac_event_count not_full;                  /* putters sleep here, pops notify */
    ac_event_count all_done;                  /* joiners sleep here, task_done notifies */
    ac_atomic_u32 spin_ns;                    /* how long a getter or putter spins; by all who
                                                 waited, a lost update is harmless */
    ac_atomic_u64 waits;                      /* calls that had to sleep; by those */
    ac_mutex listen_lock;                     /* held by ac_channel_listen and _watch */
    ac_atomic_u32 listening[2];               /* for ITEM, for ROOM; by ac_channel_listen */
    ac_atomic_u32 watched;                    /* high_water is wanted; by ac_channel_watch */
    ac_atomic_u64 high_water;                 /* most items seen since then; by pushes */
    void (*heard)(void *arg, int what);       /* written before the first listener comes */
    void *heard_arg;
    void *owner;                              /* the caller's; written before others see the channel */
    AC_ALIGNED_LINE ac_atomic_u64 done;       /* { handed over:1, tasks:63 }; by task_done, shutdown
                                                 and ac_channel_evict */
} ac_channel;

#define AC_CHANNEL_EVICTED (UINT64_C(1) << 63)

/* A new channel, aligned to its cache lines, or NULL when there is no memory. */
AC_UNUSED static ac_channel *ac_channel_new(ac_store_kind kind, uint64_t number) {
    const size_t size = (sizeof(ac_channel) + AC_CACHE_LINE - 1) / AC_CACHE_LINE * AC_CACHE_LINE;
    ac_channel *const ch = ac_alloc_lines(size);
    if (ch == NULL) return NULL;
    memset((void *)ch, 0, size);
    if (!ac_store_init(&ch->store, kind, number)) {
        ac_free_lines(ch);
        return NULL;
    }
    return ch;
}

/* The items are the caller's to take out before. No thread may be inside. NULL is allowed. */
AC_UNUSED static void ac_channel_free(ac_channel *ch) {
    if (ch == NULL) return;
    ac_store_destroy(&ch->store);
    ac_free_lines(ch);
}

AC_UNUSED static void ac_channel_note_depth_(ac_channel *ch) {
    const uint64_t size = ac_store_size(&ch->store);
    uint64_t seen = ac_load_relaxed(&ch->high_water);
    while (size > seen && !ac_cas_relaxed(&ch->high_water, &seen, size)) {
    }
}

/* Somebody sleeps, listens or watches. Runs after the operation: the queue is settled, and `heard`
 * may do anything, also with this queue. */
AC_UNUSED AC_COLD static void ac_channel_tell_(ac_channel *ch, int what, bool all) {
    ac_event_count *const ec = what == AC_CHANNEL_ITEM ? &ch->not_empty : &ch->not_full;
    if (all)
        ac_ec_notify_all(ec, AC_WAIT_PRIVATE);
    else
        ac_ec_notify_one(ec, AC_WAIT_PRIVATE);
    if (!ac_ec_has_listeners(ec)) return;
    if (what == AC_CHANNEL_ITEM && ac_load_relaxed(&ch->watched)) ac_channel_note_depth_(ch);
    if (ac_load_acquire(&ch->listening[what])) ch->heard(ch->heard_arg, what);
}

/* Tries to push, and wakes a getter. The statuses of ac_store_try_push. */
AC_INLINE ac_status ac_channel_push(ac_channel *ch, uintptr_t item) {
    const ac_status status = ac_store_try_push(&ch->store, item);
    if (AC_LIKELY(status == AC_OK) && AC_UNLIKELY(ac_ec_anybody(&ch->not_empty)))
        ac_channel_tell_(ch, AC_CHANNEL_ITEM, false);
    return status;
}

/* Tries to pop, and wakes a putter. The statuses of ac_store_try_pop. */
AC_INLINE ac_status ac_channel_pop(ac_channel *ch, uintptr_t *item) {
    const ac_status status = ac_store_try_pop(&ch->store, item);
    if (AC_LIKELY(status == AC_OK) && AC_UNLIKELY(ac_ec_anybody(&ch->not_full)))
        ac_channel_tell_(ch, AC_CHANNEL_ROOM, false);
    return status;
}

/* For who pushes or pops by the store itself, as he has to do something before `heard` may run: after
 * `count` items went in or out. The move's claim is seq_cst and pairs with a sleeper's announcement. */
AC_INLINE void ac_channel_pushed(ac_channel *ch, uint64_t count) {
    if (count > 0 && AC_UNLIKELY(ac_ec_anybody(&ch->not_empty)))
        ac_channel_tell_(ch, AC_CHANNEL_ITEM, count > 1);
}
AC_INLINE void ac_channel_popped(ac_channel *ch, uint64_t count) {
    if (count > 0 && AC_UNLIKELY(ac_ec_anybody(&ch->not_full)))
        ac_channel_tell_(ch, AC_CHANNEL_ROOM, count > 1);
}

/* For whoever keeps the items after ac_channel_evict: something came in, or room was made. */
AC_UNUSED static void ac_channel_tell_listeners(ac_channel *ch, int what) {
    if (ac_load_acquire(&ch->listening[what])) ch->heard(ch->heard_arg, what);
}

/* Switches the calls of `heard` on or off. Whoever switches on tests the queue after it: what came
 * before is not told of. */
AC_UNUSED static void ac_channel_listen(ac_channel *ch, int what, bool on) {
    ac_event_count *const ec = what == AC_CHANNEL_ITEM ? &ch->not_empty : &ch->not_full;
    ac_mutex_lock(&ch->listen_lock);
    ac_store_release(&ch->listening[what], on ? 1u : 0u);
    ac_ec_listen(ec, on || (what == AC_CHANNEL_ITEM && ac_load_relaxed(&ch->watched)));
    ac_mutex_unlock(&ch->listen_lock);
}

/* The most items that were inside since the first call, seen by each push right after it went in. */
AC_UNUSED static uint64_t ac_channel_watch(ac_channel *ch) {
    if (!ac_load_relaxed(&ch->watched)) {
        ac_mutex_lock(&ch->listen_lock);
        ac_store_relaxed(&ch->watched, 1u);
        ac_ec_listen(&ch->not_empty, true);
        ac_mutex_unlock(&ch->listen_lock);
    }
    ac_channel_note_depth_(ch);
    return ac_load_relaxed(&ch->high_water);
}

/* The baton of a getter that has slept: a notification clears the flag and wakes one, so that who was
 * woken answers for all who still sleep. If there is more, or an end to be told of, it wakes the
 * next. (Without "closed", a close that comes between a wake and the woken one's next look would
 * find the flag clear and leave the others asleep.) */
AC_INLINE void ac_channel_pass_get(ac_channel *ch) {
    if (ac_store_size(&ch->store) > 0 || ac_store_is_closed(&ch->store))
        ac_ec_notify_one(&ch->not_empty, AC_WAIT_PRIVATE);
}

/* The baton of a putter that has slept: if there is room, or an end to be told of. */
AC_INLINE void ac_channel_pass_put(ac_channel *ch) {
    const uint64_t limit = ac_store_limit(&ch->store);
    if (limit == 0 || ac_store_size(&ch->store) < limit || ac_store_is_closed(&ch->store))
        ac_ec_notify_one(&ch->not_full, AC_WAIT_PRIVATE);
}

/* No push succeeds after it; everybody who sleeps wakes up. AC_OK or AC_ELSEWHERE. */
AC_UNUSED static ac_status ac_channel_close(ac_channel *ch) {
    const ac_status status = ac_store_close(&ch->store);
    ac_channel_tell_(ch, AC_CHANNEL_ITEM, true);
    ac_channel_tell_(ch, AC_CHANNEL_ROOM, true);
    return status;
}

/* Sets the bound (0 for none); putters look again. The statuses of ac_store_set_limit. */
AC_UNUSED static ac_status ac_channel_set_limit(ac_channel *ch, uint64_t limit) {
    const ac_status status = ac_store_set_limit(&ch->store, limit);
    if (status == AC_OK) ac_channel_tell_(ch, AC_CHANNEL_ROOM, true);
    return status;
}

AC_INLINE uint64_t ac_channel_unfinished(ac_channel *ch) {
    /* first: it never passes the pushes */
    const uint64_t done = ac_load_acquire(&ch->done) & ~AC_CHANNEL_EVICTED;
    return ac_store_pushed(&ch->store) - done;
}

/* Counts tasks as done: AC_OK; AC_MISUSE, and nothing counted, if there were not so many unfinished
 * ones; AC_ELSEWHERE, nothing counted, if they are counted by somebody else by now. */
AC_UNUSED static ac_status ac_channel_finish(ac_channel *ch, uint64_t count) {
    uint64_t done = ac_load_relaxed(&ch->done);
    do {
        if (done & AC_CHANNEL_EVICTED) return AC_ELSEWHERE;
        if (ac_store_pushed(&ch->store) - done < count) return AC_MISUSE;
    } while (!ac_cas_seq_cst(&ch->done, &done, done + count));
    if (ac_channel_unfinished(ch) == 0) ac_ec_notify_all(&ch->all_done, AC_WAIT_PRIVATE);
    return AC_OK;
}

/* Hands over the items and the count of unfinished tasks, and wakes everybody: whoever comes back gets
 * AC_ELSEWHERE. The statuses of ac_store_evict. */
AC_UNUSED static ac_status ac_channel_evict(ac_channel *ch, ac_store_contents *all,
                                            uint64_t *unfinished) {
    const ac_status status = ac_store_evict(&ch->store, all);
    if (status != AC_OK) return status;
    /* seq_cst: a task_done comes before it and is counted here, or after it and is told "elsewhere" */
    const uint64_t done = ac_fetch_or_seq_cst(&ch->done, AC_CHANNEL_EVICTED);
    *unfinished = ac_store_pushed(&ch->store) - done;
    ac_ec_notify_all(&ch->all_done, AC_WAIT_PRIVATE);
    ac_channel_tell_(ch, AC_CHANNEL_ITEM, true);
    ac_channel_tell_(ch, AC_CHANNEL_ROOM, true);
    return AC_OK;
}

AC_INLINE bool ac_channel_is_evicted(ac_channel *ch) {
    return (ac_load_acquire(&ch->done) & AC_CHANNEL_EVICTED) != 0;
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
        const uint64_t size = ac_store_size(&ch->store);
        const uint64_t limit = ac_store_limit(&ch->store);
        hit = ac_store_is_closed(&ch->store) || (get ? size > 0 : limit == 0 || size < limit);
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
