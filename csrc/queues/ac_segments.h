/* ac_segments.h - an unbounded first-in first-out queue: blocks of slots in a linked list.
 *
 * For any number of producers and consumers. Memory is given back as blocks are drained; one spare
 * block is kept, so that a queue in steady flow does not allocate. The layout, and the way the last
 * reader of a block frees it without hazard pointers or epochs, follow crossbeam's SegQueue
 * (github.com/crossbeam-rs/crossbeam), which in turn follows Vyukov; the code is our own.
 *
 *   index = { block number, offset in 0 .. AC_SEG_SLOTS }; offset AC_SEG_SLOTS is no slot: it means
 *           that the thread which claimed the last slot is installing the next block
 *   tail  = { index:63, closed:1 }       next slot to push; closed refuses every later push
 *   head  = index                        next slot to pop
 *   slot.written  1: the item is there                              set by the producer
 *   slot.state, bits that are only ever set until the block is reused
 *     READ      the consumer has taken it and will not look again     set by the consumer
 *     DESTROY   whoever still reads this slot goes on freeing         set by ac_seg_retire_
 *   (In two words, unlike crossbeam's, so that the producer's is a store and no read-modify-write.)
 *
 * A block is freed by the consumer of its last slot, or, if others are still reading, by the last
 * of them: ac_seg_retire_ walks the slots, and where it finds a reader, leaves the rest to it.
 * Producers are out by then: a slot is read only after it is written, the producer's last access.
 *
 * `limit` bounds a push (AC_SEG_NO_LIMIT for none), so that a bound can be set on a queue that began
 * without one. Progress: as ac_mpmc.h, lock-free claims, and blocking behind a claimant for the few
 * instructions of its window. AC_NOMEM changes nothing. With AC_GUARDED_BY_LOCK the caller's lock
 * serialises all but ac_seg_size.
 */
#ifndef AC_SEGMENTS_H
#define AC_SEGMENTS_H

#include "base/ac_backoff.h"
#include "base/ac_guarded.h"

#include <stdlib.h>

#define AC_SEG_SLOTS 31u /* + 1 a power of two; a block is then 504 bytes. Arbitrary otherwise. */
#define AC_SEG_LAP (AC_SEG_SLOTS + 1u)
#define AC_SEG_NO_LIMIT UINT64_MAX

#define AC_SEG_READ 1u
#define AC_SEG_DESTROY 2u

typedef struct ac_seg_slot {
    uintptr_t item; /* plain: handed over by `written` */
    ac_atomic_u32 written;
    ac_atomic_u32 state;
} ac_seg_slot;

typedef struct ac_seg_block {
    ac_atomic_ptr next; /* written once, by the producer that claimed the last slot */
    ac_seg_slot slots[AC_SEG_SLOTS];
} ac_seg_block;

typedef struct ac_segments {
    AC_ALIGNED_LINE ac_atomic_u64 tail; /* written by producers, and by close */
    ac_atomic_ptr tail_block;           /* written by the producer that claimed a last slot */
    AC_ALIGNED_LINE ac_atomic_u64 head; /* written by consumers */
    ac_atomic_ptr head_block;           /* written by the consumer that claimed a last slot */
    ac_atomic_ptr spare;                /* one drained block, or NULL; by anybody, by exchange */
} ac_segments;

AC_UNUSED static ac_seg_block *ac_seg_new_block_(ac_segments *q) {
    /* acq_rel: the block's last user is done with it before we clear it */
    ac_seg_block *block = ac_gexchange_acq_rel(&q->spare, NULL);
    if (block == NULL) block = malloc(sizeof *block);
    if (block == NULL) return NULL;
    ac_store_relaxed(&block->next, NULL);
    for (uint32_t i = 0; i < AC_SEG_SLOTS; i++) {
        ac_store_relaxed(&block->slots[i].written, 0u);
        ac_store_relaxed(&block->slots[i].state, 0u);
    }
    return block;
}

AC_UNUSED static void ac_seg_drop_block_(ac_segments *q, ac_seg_block *block) {
    free(ac_gexchange_acq_rel(&q->spare, block));
}

AC_UNUSED static bool ac_seg_init(ac_segments *q) {
    ac_store_relaxed(&q->spare, NULL);
    ac_seg_block *const block = ac_seg_new_block_(q);
    if (block == NULL) return false;
    ac_store_relaxed(&q->tail, UINT64_C(0));
    ac_store_relaxed(&q->head, UINT64_C(0));
    ac_store_relaxed(&q->tail_block, block);
    ac_store_relaxed(&q->head_block, block);
    return true;
}

/* Frees all blocks; the items are the caller's to take out before. No thread may be inside. */
AC_UNUSED static void ac_seg_destroy(ac_segments *q) {
    ac_seg_block *block = ac_load_relaxed(&q->head_block);
    while (block != NULL) {
        ac_seg_block *const next = ac_load_relaxed(&block->next);
        free(block);
        block = next;
    }
    free(ac_load_relaxed(&q->spare));
    ac_store_relaxed(&q->head_block, NULL);
    ac_store_relaxed(&q->tail_block, NULL);
    ac_store_relaxed(&q->spare, NULL);
}

/* How many slots lie before an index. */
AC_INLINE uint64_t ac_seg_count_(uint64_t index) { return index - index / AC_SEG_LAP; }

AC_INLINE uint64_t ac_seg_size(ac_segments *q) {
    const uint64_t head = ac_load_acquire(&q->head); /* first: tail only grows past it */
    return ac_seg_count_(ac_load_relaxed(&q->tail) >> 1) - ac_seg_count_(head);
}

AC_INLINE uint64_t ac_seg_pushed(ac_segments *q) {
    return ac_seg_count_(ac_load_relaxed(&q->tail) >> 1);
}

AC_INLINE bool ac_seg_is_closed(ac_segments *q) { return (ac_load_relaxed(&q->tail) & 1) != 0; }

/* Pushes up to `count` items, as many as are allowed and fit in one block; *done says how many.
 * AC_OK with *done >= 1, else AC_FULL, AC_CLOSED or AC_NOMEM with *done == 0. */
AC_INLINE ac_status ac_seg_push_some_(ac_segments *q, const uintptr_t *items, uint64_t count,
                                      uint64_t limit, uint64_t *done) {
    ac_backoff backoff = {0};
    ac_seg_block *next = NULL;
    ac_status status = AC_OK;
    *done = 0;
    for (;;) {
        uint64_t tail = ac_gload_acquire(&q->tail);
        ac_seg_block *const block = ac_gload_acquire(&q->tail_block);
        const uint64_t index = tail >> 1;
        const uint64_t offset = index % AC_SEG_LAP;
        if (AC_UNLIKELY(tail & 1)) {
            status = AC_CLOSED;
            break;
        }
        if (AC_UNLIKELY(offset == AC_SEG_SLOTS)) {
            ac_backoff_snooze(&backoff);
            continue;
        }
        uint64_t n = AC_SEG_SLOTS - offset;
        if (n > count) n = count;
        if (limit != AC_SEG_NO_LIMIT) {
            /* After the tail, so that size <= limit at the instant of this load. */
            const uint64_t size = ac_seg_count_(index) - ac_seg_count_(ac_gload_acquire(&q->head));
            if ((int64_t)size >= (int64_t)limit) {
                status = AC_FULL;
                break;
            }
            if (n > limit - size) n = limit - size;
        }
        const bool last = offset + n == AC_SEG_SLOTS;
        if (AC_UNLIKELY(last && next == NULL)) {
            /* before the claim: nothing in the window may fail, or take long */
            next = ac_seg_new_block_(q);
            if (next == NULL) {
                status = AC_NOMEM;
                break;
            }
        }
        /* seq_cst for who sleeps: see ac_ec_anybody */
        if (AC_UNLIKELY(!ac_gcas_seq_cst(&q->tail, &tail, tail + 2 * n))) {
            ac_backoff_spin(&backoff);
            continue;
        }
        if (AC_UNLIKELY(last)) {
            /* The index stands on "no slot" now, so that we alone write these. The block first:
             * whoever reads the new index (acquire) must see its block. A close may set its bit
             * meanwhile: hence a CAS loop and no store. */
            ac_gstore_release(&q->tail_block, (void *)next);
            uint64_t now = ac_gload_relaxed(&q->tail);
            while (!ac_gcas_seq_cst(&q->tail, &now, now + 2)) {
            }
            ac_gstore_release(&block->next, (void *)next); /* pairs with ac_seg_await_next_ */
            next = NULL;
        }
        for (uint64_t i = 0; i < n; i++) {
            ac_seg_slot *const slot = &block->slots[offset + i];
            slot->item = items[i];
            ac_gstore_release(&slot->written, 1u); /* pairs with ac_seg_take_ */
        }
        *done = n;
        break;
    }
    if (AC_UNLIKELY(next != NULL)) ac_seg_drop_block_(q, next);
    return status;
}

/* The item of a claimed slot; its producer may stand between claim and publication. */
AC_INLINE uintptr_t ac_seg_take_(ac_seg_slot *slot) {
    if (AC_UNLIKELY(!ac_gload_acquire(&slot->written))) {
        ac_backoff backoff = {0};
        while (!ac_gload_acquire(&slot->written)) ac_backoff_snooze(&backoff);
    }
    return slot->item;
}

AC_INLINE ac_seg_block *ac_seg_await_next_(ac_seg_block *block) {
    ac_backoff backoff = {0};
    for (;;) {
        ac_seg_block *const next = ac_gload_acquire(&block->next);
        if (AC_LIKELY(next != NULL)) return next;
        ac_backoff_snooze(&backoff);
    }
}

/* Frees the block once slots from .. to-1 are read; leaves that to a reader it meets, who goes on to
 * the last but one. The acq_rel carries (2), and all reads before, from one to the next. */
AC_UNUSED static void ac_seg_retire_(ac_segments *q, ac_seg_block *block, uint64_t from,
                                     uint64_t to) {
    for (uint64_t i = from; i < to; i++) {
        ac_seg_slot *const slot = &block->slots[i];
        if (!(ac_gload_acquire(&slot->state) & AC_SEG_READ) &&
            !(ac_gfetch_or_acq_rel(&slot->state, AC_SEG_DESTROY) & AC_SEG_READ))
            return; /* its reader will see DESTROY and go on from there */
    }
    ac_seg_drop_block_(q, block);
}

/* Pops up to `count` items that lie in one block. AC_OK with *done >= 1, else AC_EMPTY, or AC_CLOSED
 * (empty, and nothing will ever come). */
AC_INLINE ac_status ac_seg_pop_some_(ac_segments *q, uintptr_t *items, uint64_t count,
                                     uint64_t *done) {
    ac_backoff backoff = {0};
    *done = 0;
    for (;;) {
        uint64_t head = ac_gload_acquire(&q->head);
        ac_seg_block *const block = ac_gload_acquire(&q->head_block);
        const uint64_t offset = head % AC_SEG_LAP;
        if (AC_UNLIKELY(offset == AC_SEG_SLOTS)) {
            ac_backoff_snooze(&backoff);
            continue;
        }
        const uint64_t tail = ac_gload_acquire(&q->tail);
        const int64_t size =
            (int64_t)(ac_seg_count_(tail >> 1) - ac_seg_count_(head));
        if (size <= 0) {
            if (ac_gload_acquire(&q->head) != head) continue; /* stale, not empty */
            return (tail & 1) ? AC_CLOSED : AC_EMPTY;
        }
        uint64_t n = AC_SEG_SLOTS - offset;
        if (n > count) n = count;
        if (n > (uint64_t)size) n = (uint64_t)size;
        if (AC_UNLIKELY(!ac_gcas_seq_cst(&q->head, &head, head + n))) {
            ac_backoff_spin(&backoff);
            continue;
        }
        const bool last = offset + n == AC_SEG_SLOTS;
        if (AC_UNLIKELY(last)) {
            ac_gstore_release(&q->head_block, (void *)ac_seg_await_next_(block));
            /* we alone write head while it stands on "no slot" */
            ac_gstore_release(&q->head, head + n + 1);
        }
        for (uint64_t i = 0; i < n; i++) {
            ac_seg_slot *const slot = &block->slots[offset + i];
            items[i] = ac_seg_take_(slot);
        }
        if (last) {
            /* DESTROY comes from us alone, so that nobody else writes to these: no locked
             * instruction. Nobody looks at them before he meets a DESTROY. */
            for (uint64_t i = offset; offset > 0 && i + 1 < AC_SEG_SLOTS; i++)
                ac_gstore_relaxed(&block->slots[i].state, AC_SEG_READ); /* (2) */
            ac_seg_retire_(q, block, 0, offset);
        } else {
            /* From the first READ on, the block may be freed by another thread as soon as no slot
             * of ours is left unread: a slot is marked only when all before it of ours are done
             * with. */
            for (uint64_t i = 0; i < n; i++) {
                if (ac_gfetch_or_acq_rel(&block->slots[offset + i].state, AC_SEG_READ) &
                    AC_SEG_DESTROY)
                    ac_seg_retire_(q, block, offset + i + 1, AC_SEG_SLOTS - 1);
            }
        }
        *done = n;
        return AC_OK;
    }
}

/* AC_OK, AC_FULL (at least `limit` items), AC_CLOSED or AC_NOMEM. */
AC_INLINE ac_status ac_seg_try_push(ac_segments *q, uintptr_t item, uint64_t limit) {
    uint64_t done;
    return ac_seg_push_some_(q, &item, 1, limit, &done);
}

AC_INLINE ac_status ac_seg_try_pop(ac_segments *q, uintptr_t *item) {
    uint64_t done;
    return ac_seg_pop_some_(q, item, 1, &done);
}

/* Pushes as many as are allowed, block by block; AC_OK if at least one went in. Others may push
 * between two blocks. */
AC_UNUSED static ac_status ac_seg_try_push_many(ac_segments *q, const uintptr_t *items,
                                                uint64_t count, uint64_t limit, uint64_t *done) {
    ac_status status = AC_OK;
    *done = 0;
    while (*done < count && status == AC_OK) {
        uint64_t n;
        status = ac_seg_push_some_(q, items + *done, count - *done, limit, &n);
        *done += n;
    }
    return *done > 0 ? AC_OK : status;
}

AC_UNUSED static ac_status ac_seg_try_pop_many(ac_segments *q, uintptr_t *items, uint64_t count,
                                               uint64_t *done) {
    ac_status status = AC_OK;
    *done = 0;
    while (*done < count && status == AC_OK) {
        uint64_t n;
        status = ac_seg_pop_some_(q, items + *done, count - *done, &n);
        *done += n;
    }
    return *done > 0 ? AC_OK : status;
}

/* No push succeeds after it; pops go on until the queue is empty. */
AC_INLINE void ac_seg_close(ac_segments *q) { ac_gfetch_or_u64_seq_cst(&q->tail, UINT64_C(1)); }

/* Takes out all that is inside, at one instant. Only after ac_seg_close: what it finds is all there
 * will ever be. The array is the caller's to free; NULL with *count > 0: no memory, nothing taken.
 *
 * It claims as a consumer of a last slot does: while the head stands on "no slot" no other consumer
 * can claim, so that nobody gets a later item while the earlier ones are on their way out. */
AC_UNUSED static uintptr_t *ac_seg_take_all(ac_segments *q, uint64_t *count) {
    ac_backoff backoff = {0};
    uint64_t head, tail;
    ac_seg_block *block;
    for (;;) {
        head = ac_gload_acquire(&q->head);
        block = ac_gload_acquire(&q->head_block);
        const uint64_t offset = head % AC_SEG_LAP;
        if (offset != AC_SEG_SLOTS &&
            ac_gcas_seq_cst(&q->head, &head, head - offset + AC_SEG_SLOTS))
            break;
        ac_backoff_snooze(&backoff);
    }
    /* a producer of a last slot that claimed before the close may still be installing a block */
    while ((tail = ac_gload_acquire(&q->tail) >> 1) % AC_SEG_LAP == AC_SEG_SLOTS)
        ac_backoff_snooze(&backoff);
    *count = ac_seg_count_(tail) - ac_seg_count_(head);
    uintptr_t *const items = malloc((size_t)(*count + 1) * sizeof *items);
    if (items == NULL) {
        *count += 1;
        ac_gstore_release(&q->head, head);
        return NULL;
    }
    uintptr_t *to = items;
    for (; head != tail; head++) {
        const uint64_t at = head % AC_SEG_LAP;
        if (at == AC_SEG_SLOTS) continue;
        ac_seg_slot *const slot = &block->slots[at];
        *to++ = ac_seg_take_(slot);
        if (at + 1 == AC_SEG_SLOTS) {
            ac_seg_block *const next = ac_seg_await_next_(block); /* before the block may go */
            ac_seg_retire_(q, block, 0, AC_SEG_SLOTS - 1);
            block = next;
        } else { /* DESTROY cannot be set: the consumer of the last slot, who sets it, is we */
            ac_gfetch_or_acq_rel(&slot->state, AC_SEG_READ);
        }
    }
    ac_gstore_release(&q->head_block, (void *)block);
    ac_gstore_release(&q->head, head);
    return items;
}

/* See ac_mpmc_visit: only while no thread is inside any operation. */
AC_UNUSED static int ac_seg_visit(ac_segments *q, int (*visit)(uintptr_t item, void *arg),
                                  void *arg) {
    const uint64_t tail = ac_load_relaxed(&q->tail) >> 1;
    ac_seg_block *block = ac_load_relaxed(&q->head_block);
    for (uint64_t index = ac_load_relaxed(&q->head); index < tail && block != NULL; index++) {
        const uint64_t offset = index % AC_SEG_LAP;
        if (offset == AC_SEG_SLOTS) {
            block = ac_load_relaxed(&block->next);
            continue;
        }
        if (!ac_load_relaxed(&block->slots[offset].written)) continue;
        const int rc = visit(block->slots[offset].item, arg);
        if (rc != 0) return rc;
    }
    return 0;
}

#endif
