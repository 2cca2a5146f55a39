/* ac_keeper.h - a shelf for large blocks of memory between two uses.
 *
 * Fresh pages are dear: the system makes each one zero and maps it at the first touch, which cost a
 * kernel that counts words an eighth of its time on two threads. So a kernel puts its blocks here
 * when it ends and the next one takes them. Whoever puts a block has told the system before that it
 * may take the pages when it runs short (ac_scratch.h; but for one small block), so that the shelf
 * keeps addresses, not memory that others need.
 *
 * It holds so much in all; when that is reached, what was put longest ago makes room (ac_keeper_drop): a
 * block that nobody asks for any more would else keep out those that are asked for each time.
 *
 * Lock-free: every place is a word { EMPTY, BUSY, address }, and only who has made it BUSY touches
 * the rest of it. Nobody waits for a BUSY place: he goes on to the next one.
 *
 * The child of a fork empties it (ac_keeper_after_fork): the parent's pages would be copied one by
 * one, in small pages, as the child writes to them.
 */
#ifndef AC_KEEPER_H
#define AC_KEEPER_H

#include <stdbool.h>

#include "base/ac_atomic.h"

#define AC_KEEPER_PLACES 16
#define AC_KEEPER_BYTES ((size_t)64 << 20) /* at most this much is kept in all */

#define AC_KEEPER_EMPTY ((uint64_t)0)
#define AC_KEEPER_BUSY ((uint64_t)1) /* no block begins there */

/* How a block is given back to the system. */
typedef void (*ac_keeper_free)(void *block, size_t bytes);

typedef struct ac_keeper_place {
    ac_atomic_u64 block; /* written by all with compare-and-swap; released by who made it BUSY */
    ac_atomic_u64 stamp; /* when it was put; by who made it BUSY. A hint for who drops one */
    size_t bytes;        /* this and the next: guarded by BUSY */
    ac_keeper_free free;
} ac_keeper_place;

/* Zero-initialised it is empty. */
typedef struct ac_keeper {
    ac_atomic_u64 bytes; /* of all blocks that are kept, and of those about to be */
    ac_atomic_u64 puts;  /* stamps; by all who put */
    ac_keeper_place place[AC_KEEPER_PLACES];
} ac_keeper;

/* Makes a place BUSY that holds a block, which goes to *block; false if it does not, or another one was
 * faster. acquire: pairs with the releases in put and take; its size and its content's last use */
AC_INLINE bool ac_keeper_claim_(ac_keeper_place *place, uint64_t *block) {
    *block = ac_load_relaxed(&place->block);
    return *block > AC_KEEPER_BUSY && ac_cas_acquire(&place->block, block, AC_KEEPER_BUSY);
}

/* Empties a place that the caller has made BUSY. */
AC_INLINE void ac_keeper_empty_(ac_keeper *k, ac_keeper_place *place, size_t bytes) {
    ac_store_release(&place->block, AC_KEEPER_EMPTY); /* pairs with the acquire in ac_keeper_put */
    (void)ac_fetch_add_relaxed(&k->bytes, (uint64_t)0 - bytes);
}

/* A kept block of at least `bytes`, at most twice as many, whose size goes to *got; NULL if there is
 * none. What it contains is undefined. */
AC_INLINE void *ac_keeper_take(ac_keeper *k, size_t bytes, size_t *got) {
    for (int i = 0; i < AC_KEEPER_PLACES; i++) {
        ac_keeper_place *const place = &k->place[i];
        uint64_t block;
        if (!ac_keeper_claim_(place, &block)) continue;
        const size_t size = place->bytes;
        if (size < bytes || size / 2 > bytes) {
            /* release: whoever is next to make it BUSY comes after our look at the size */
            ac_store_release(&place->block, block);
            continue;
        }
        ac_keeper_empty_(k, place, size);
        *got = size;
        return (void *)(uintptr_t)block;
    }
    return NULL;
}

/* Frees one kept block, that which was put longest ago as far as one can see without waiting. False if
 * nothing is kept. For who could not put a block: what was used last is what is wanted next. */
AC_INLINE bool ac_keeper_drop(ac_keeper *k) {
    ac_keeper_place *oldest = NULL;
    uint64_t stamp = UINT64_MAX, block;
    for (int i = 0; i < AC_KEEPER_PLACES; i++) {
        ac_keeper_place *const place = &k->place[i];
        const uint64_t put = ac_load_relaxed(&place->stamp);
        if (ac_load_relaxed(&place->block) <= AC_KEEPER_BUSY || put >= stamp) continue;
        oldest = place;
        stamp = put;
    }
    if (oldest == NULL) return false;
    if (!ac_keeper_claim_(oldest, &block)) return true; /* another one has it: there is room now, too */
    const size_t bytes = oldest->bytes;
    const ac_keeper_free give_back = oldest->free;
    ac_keeper_empty_(k, oldest, bytes);
    give_back((void *)(uintptr_t)block, bytes);
    return true;
}

/* Keeps a block; false if it is too much or there is no place, and the caller frees it. */
AC_INLINE bool ac_keeper_put(ac_keeper *k, void *block, size_t bytes, ac_keeper_free free) {
    if (bytes > AC_KEEPER_BYTES) return false;
    /* relaxed: a sum that nobody reads data through */
    if (ac_fetch_add_relaxed(&k->bytes, (uint64_t)bytes) + bytes <= AC_KEEPER_BYTES) {
        for (int i = 0; i < AC_KEEPER_PLACES; i++) {
            ac_keeper_place *const place = &k->place[i];
            uint64_t empty = ac_load_relaxed(&place->block);
            if (empty != AC_KEEPER_EMPTY) continue;
            /* acquire: pairs with the release of who emptied it; our size comes after his look */
            if (!ac_cas_acquire(&place->block, &empty, AC_KEEPER_BUSY)) continue;
            place->bytes = bytes;
            place->free = free;
            ac_store_relaxed(&place->stamp, ac_fetch_add_relaxed(&k->puts, (uint64_t)1));
            ac_store_release(&place->block, (uint64_t)(uintptr_t)block);
            return true;
        }
    }
    (void)ac_fetch_add_relaxed(&k->bytes, (uint64_t)0 - bytes);
    return false;
}

/* Frees everything. In the child of a fork, which has one thread: a place may be BUSY for ever, as
 * the thread that was at it is not there any more; its block is lost. */
AC_INLINE void ac_keeper_after_fork(ac_keeper *k) {
    for (int i = 0; i < AC_KEEPER_PLACES; i++) {
        ac_keeper_place *const place = &k->place[i];
        const uint64_t block = ac_load_relaxed(&place->block);
        if (block > AC_KEEPER_BUSY) place->free((void *)(uintptr_t)block, place->bytes);
        ac_store_relaxed(&place->block, AC_KEEPER_EMPTY);
    }
    ac_store_relaxed(&k->bytes, (uint64_t)0);
}

#endif
