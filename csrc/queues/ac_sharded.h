/* ac_sharded.h - an unbounded queue that is first-in first-out for each producer, and no more.
 *
 * One word that every thread moves is the end of scaling: a single queue passes about as many items
 * with sixteen threads as with two. Here each producer has a shard (ac_segments.h) to itself, as long
 * as there are no more producers than shards, and consumers spread over the shards, each beginning
 * somewhere else: the order between producers is the price. The idea is moodycamel's ConcurrentQueue.
 *
 *   producer -> shard  a table from threads (the address of their errno) to shards, dealt out in turn
 *                      when a thread first pushes. An entry is never given back: a thread that got an
 *                      ended thread's address goes on in its shard, behind its items, which keeps
 *                      the promise. When the table is full, the address alone decides.
 *   consumer           tries its own shard first, then the others in a ring. Where it begins moves on
 *                      once in AC_SHARDED_STINT items, so that a shard that is never empty does not keep
 *                      the rest waiting for ever.
 *
 * AC_EMPTY: every shard was empty at an instant of the call, not all at the same. An item whose push
 * had returned before the pop began is always found by somebody. AC_CLOSED: the same, and all are closed.
 *
 * Progress: as ac_segments.h; a pop looks at each shard once. With AC_GUARDED_BY_LOCK the caller's
 * lock serialises all but ac_sharded_size and _pushed.
 */
#ifndef AC_SHARDED_H
#define AC_SHARDED_H

#include "queues/ac_segments.h"

#include <errno.h>
#include <string.h>

#define AC_SHARDED_MAX_SHARDS UINT64_C(1024)
#define AC_SHARDED_STINT 32u /* items; about one block. Arbitrary. */

typedef struct ac_shard {
    ac_segments queue;
    AC_ALIGNED_LINE ac_atomic_u32 served; /* pops so far; by its consumers, lost updates are harmless */
} ac_shard;

typedef struct ac_sharded_entry {
    ac_atomic_ptr thread; /* its mark; by compare-and-swap from NULL, once */
    ac_atomic_u64 shard;  /* by that thread, read by no other */
} ac_sharded_entry;

typedef struct ac_sharded {
    ac_shard *shards;          /* constant after init */
    ac_sharded_entry *entries; /* constant after init */
    uint64_t mask;             /* shards - 1; constant after init */
    uint64_t entry_mask;       /* entries - 1; constant after init */
    AC_ALIGNED_LINE ac_atomic_u64 dealt; /* how many producers got a shard; by those */
    AC_ALIGNED_LINE ac_atomic_u64 turn;  /* where consumers begin; by whoever ended a stint */
} ac_sharded;

AC_UNUSED static void ac_sharded_destroy(ac_sharded *q) {
    if (q->shards != NULL)
        for (uint64_t i = 0; i <= q->mask; i++) ac_seg_destroy(&q->shards[i].queue);
    ac_free_lines(q->shards);
    free(q->entries);
    q->shards = NULL;
    q->entries = NULL;
}

/* `shards` is rounded up to a power of two. False when there is no memory, or too many are asked for. */
AC_UNUSED static bool ac_sharded_init(ac_sharded *q, uint64_t shards) {
    memset((void *)q, 0, sizeof *q);
    if (shards < 1 || shards > AC_SHARDED_MAX_SHARDS) return false;
    shards = ac_ceil_pow2_u64(shards);
    const uint64_t entries = 8 * shards;
    q->shards = ac_alloc_lines((size_t)shards * sizeof *q->shards);
    q->entries = calloc((size_t)entries, sizeof *q->entries);
    q->mask = shards - 1;
    q->entry_mask = entries - 1;
    if (q->shards != NULL) memset((void *)q->shards, 0, (size_t)shards * sizeof *q->shards);
    bool good = q->shards != NULL && q->entries != NULL;
    for (uint64_t i = 0; good && i < shards; i++) good = ac_seg_init(&q->shards[i].queue);
    if (!good) ac_sharded_destroy(q);
    return good;
}

AC_INLINE uint64_t ac_sharded_hash_(void *mark) {
    return ((uint64_t)(uintptr_t)mark >> 4) * UINT64_C(0x9E3779B97F4A7C15) >> 32; /* Fibonacci */
}

/* The shard that the calling thread pushes to. */
AC_INLINE uint64_t ac_sharded_mine_(ac_sharded *q) {
    void *const me = &errno;
    const uint64_t hash = ac_sharded_hash_(me);
    for (uint64_t i = 0; i < 16 && i <= q->entry_mask; i++) {
        ac_sharded_entry *const entry = &q->entries[(hash + i) & q->entry_mask];
        void *seen = ac_load_relaxed(&entry->thread);
        if (AC_LIKELY(seen == me)) return ac_load_relaxed(&entry->shard);
        if (seen != NULL) continue;
        if (ac_cas_relaxed(&entry->thread, &seen, me)) {
            const uint64_t shard = ac_fetch_add_relaxed(&q->dealt, UINT64_C(1)) & q->mask;
            ac_store_relaxed(&entry->shard, shard);
            return shard;
        }
        if (seen == me) return ac_load_relaxed(&entry->shard);
    }
    return hash & q->mask;
}

AC_INLINE ac_status ac_sharded_try_push_many(ac_sharded *q, const uintptr_t *items, uint64_t count,
                                             uint64_t *done) {
    return ac_seg_try_push_many(&q->shards[ac_sharded_mine_(q)].queue, items, count,
                                AC_SEG_NO_LIMIT, done);
}

AC_INLINE ac_status ac_sharded_try_push(ac_sharded *q, uintptr_t item) {
    return ac_seg_try_push(&q->shards[ac_sharded_mine_(q)].queue, item, AC_SEG_NO_LIMIT);
}

/* Pops up to `count` items of one shard. */
AC_INLINE ac_status ac_sharded_try_pop_many(ac_sharded *q, uintptr_t *items, uint64_t count,
                                            uint64_t *done) {
    const uint64_t first = ac_sharded_hash_(&errno) + ac_load_relaxed(&q->turn);
    ac_status verdict = AC_CLOSED;
    for (uint64_t i = 0; i <= q->mask; i++) {
        ac_shard *const shard = &q->shards[(first + i) & q->mask];
        const ac_status status = ac_seg_try_pop_many(&shard->queue, items, count, done);
        if (status == AC_OK) {
            const uint32_t served = ac_load_relaxed(&shard->served) + (uint32_t)*done;
            if (AC_UNLIKELY(served >= AC_SHARDED_STINT)) {
                ac_store_relaxed(&shard->served, 0u);
                ac_fetch_add_relaxed(&q->turn, UINT64_C(1));
            } else {
                ac_store_relaxed(&shard->served, served);
            }
            return AC_OK;
        }
        if (status == AC_EMPTY) verdict = AC_EMPTY;
    }
    *done = 0;
    return verdict;
}

AC_INLINE ac_status ac_sharded_try_pop(ac_sharded *q, uintptr_t *item) {
    uint64_t done;
    return ac_sharded_try_pop_many(q, item, 1, &done);
}

AC_UNUSED static uint64_t ac_sharded_size(ac_sharded *q) {
    uint64_t size = 0;
    for (uint64_t i = 0; i <= q->mask; i++) size += ac_seg_size(&q->shards[i].queue);
    return size;
}

AC_UNUSED static uint64_t ac_sharded_pushed(ac_sharded *q) {
    uint64_t pushed = 0;
    for (uint64_t i = 0; i <= q->mask; i++) pushed += ac_seg_pushed(&q->shards[i].queue);
    return pushed;
}

/* The shards close one after the other: a push at the same time goes in or is refused; one that begins
 * after the return is refused. */
AC_UNUSED static void ac_sharded_close(ac_sharded *q) {
    for (uint64_t i = 0; i <= q->mask; i++) ac_seg_close(&q->shards[i].queue);
}

/* Whether every shard is closed: they close in order, the last one last. */
AC_INLINE bool ac_sharded_is_closed(ac_sharded *q) {
    return ac_seg_is_closed(&q->shards[q->mask].queue);
}

/* See ac_mpmc_visit: only while no thread is inside any operation. */
AC_UNUSED static int ac_sharded_visit(ac_sharded *q, int (*visit)(uintptr_t item, void *arg),
                                      void *arg) {
    for (uint64_t i = 0; i <= q->mask; i++) {
        const int rc = ac_seg_visit(&q->shards[i].queue, visit, arg);
        if (rc != 0) return rc;
    }
    return 0;
}

#endif
