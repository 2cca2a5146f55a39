/* ac_stack.h - a last-in first-out stack: an array under a lock of a few instructions.
 *
 * Why a lock and not a lock-free list (Treiber, 1986): all pushes and pops meet at one word either
 * way, so that nothing runs in parallel; a list would add a node to allocate for each item and the
 * question of when a popped node may be freed. The array keeps a push at one store.
 *
 * Under the lock runs nothing but C of this file: no callback that could come back, so that an
 * interrupt handler or finalizer which the interpreter runs between two operations never finds the
 * lock held by its own thread. The array doubles when full and halves when a quarter of it is in
 * use: memory is given back as the stack is drained.
 *
 * `limit` bounds a push (AC_STACK_NO_LIMIT for none) and may differ from call to call.
 * Progress: blocking, behind a holder for the few instructions of its window, or for one realloc.
 * With AC_GUARDED_BY_LOCK the caller's lock serialises all but ac_stack_size and _pushed, and the
 * own one is left out.
 */
#ifndef AC_STACK_H
#define AC_STACK_H

#include "base/ac_guarded.h"
#include "sync/ac_mutex.h"

#include <stdlib.h>
#include <string.h>

#define AC_STACK_NO_LIMIT UINT64_MAX
#define AC_STACK_LEAST UINT64_C(16) /* slots; smaller arrays are not worth giving back */

typedef struct ac_stack {
    ac_mutex lock;        /* guards what follows */
    uintptr_t *items;     /* by the lock's holder */
    uint64_t room;        /* slots in `items`; by the holder */
    ac_atomic_u32 closed; /* 1: takes nothing more; by the holder, read by anybody */
    ac_atomic_u64 count;  /* written by the holder, read by anybody */
    ac_atomic_u64 pushed; /* how many ever; the same */
} ac_stack;

/* An all-zero stack is valid and empty: the array comes with the first push. */
AC_UNUSED static void ac_stack_init(ac_stack *q) { memset((void *)q, 0, sizeof *q); }

/* The items are the caller's to take out before. No thread may be inside. */
AC_UNUSED static void ac_stack_destroy(ac_stack *q) {
    free(q->items);
    q->items = NULL;
    q->room = 0;
}

AC_INLINE void ac_stack_lock_(ac_stack *q) {
#ifndef AC_GUARDED_BY_LOCK
    ac_mutex_lock(&q->lock);
#else
    (void)q;
#endif
}
AC_INLINE void ac_stack_unlock_(ac_stack *q) {
#ifndef AC_GUARDED_BY_LOCK
    ac_mutex_unlock(&q->lock);
#else
    (void)q;
#endif
}

AC_INLINE uint64_t ac_stack_size(ac_stack *q) { return ac_load_acquire(&q->count); }
AC_INLINE uint64_t ac_stack_pushed(ac_stack *q) { return ac_load_acquire(&q->pushed); }

AC_INLINE bool ac_stack_is_closed(ac_stack *q) { return ac_load_relaxed(&q->closed) != 0; }

AC_UNUSED static bool ac_stack_resize_(ac_stack *q, uint64_t room) {
    if (room > SIZE_MAX / sizeof *q->items) return false;
    uintptr_t *const items = realloc(q->items, (size_t)room * sizeof *items);
    if (items == NULL) return false;
    q->items = items;
    q->room = room;
    return true;
}

/* Pushes items[0 .. *done-1], as many as are allowed, the last one on top. AC_OK with *done >= 1, else
 * AC_FULL, AC_CLOSED or AC_NOMEM with *done == 0. */
AC_INLINE ac_status ac_stack_try_push_many(ac_stack *q, const uintptr_t *items, uint64_t count,
                                           uint64_t limit, uint64_t *done) {
    ac_status status = AC_OK;
    *done = 0;
    ac_stack_lock_(q);
    const uint64_t size = ac_load_relaxed(&q->count);
    uint64_t n = count;
    if (AC_UNLIKELY(ac_load_relaxed(&q->closed))) {
        status = AC_CLOSED;
    } else if (AC_UNLIKELY(size >= limit)) {
        status = AC_FULL;
    } else {
        if (n > limit - size) n = limit - size;
        uint64_t room = q->room < AC_STACK_LEAST ? AC_STACK_LEAST : q->room;
        while (room < size + n) room *= 2;
        if (AC_UNLIKELY(room != q->room) && !ac_stack_resize_(q, room)) {
            status = AC_NOMEM;
        } else {
            for (uint64_t i = 0; i < n; i++) q->items[size + i] = items[i];
            ac_store_relaxed(&q->pushed, ac_load_relaxed(&q->pushed) + n);
            ac_store_release(&q->count, size + n);
            *done = n;
        }
    }
    ac_stack_unlock_(q);
    return status;
}

/* Pops up to `count` items, the topmost first. AC_OK with *done >= 1, else AC_EMPTY, or AC_CLOSED (empty,
 * and nothing will ever come). */
AC_INLINE ac_status ac_stack_try_pop_many(ac_stack *q, uintptr_t *items, uint64_t count,
                                          uint64_t *done) {
    ac_status status = AC_OK;
    *done = 0;
    ac_stack_lock_(q);
    const uint64_t size = ac_load_relaxed(&q->count);
    if (AC_UNLIKELY(size == 0)) {
        status = ac_load_relaxed(&q->closed) ? AC_CLOSED : AC_EMPTY;
    } else {
        const uint64_t n = count < size ? count : size;
        for (uint64_t i = 0; i < n; i++) items[i] = q->items[size - 1 - i];
        ac_store_release(&q->count, size - n);
        /* Giving back is a courtesy: where realloc fails, the larger array stays. */
        if (AC_UNLIKELY(size - n < q->room / 4 && q->room > AC_STACK_LEAST))
            (void)ac_stack_resize_(q, q->room / 2);
        *done = n;
    }
    ac_stack_unlock_(q);
    return status;
}

AC_INLINE ac_status ac_stack_try_push(ac_stack *q, uintptr_t item, uint64_t limit) {
    uint64_t done;
    return ac_stack_try_push_many(q, &item, 1, limit, &done);
}

AC_INLINE ac_status ac_stack_try_pop(ac_stack *q, uintptr_t *item) {
    uint64_t done;
    return ac_stack_try_pop_many(q, item, 1, &done);
}

/* Shows the topmost item without taking it: keep(item) is called while it cannot leave, and must be a
 * few instructions that call nothing back (the count of a reference). AC_OK, AC_EMPTY or AC_CLOSED. */
AC_UNUSED static ac_status ac_stack_peek(ac_stack *q, void (*keep)(uintptr_t item),
                                         uintptr_t *item) {
    ac_status status = AC_OK;
    ac_stack_lock_(q);
    const uint64_t size = ac_load_relaxed(&q->count);
    if (size == 0) {
        status = ac_load_relaxed(&q->closed) ? AC_CLOSED : AC_EMPTY;
    } else {
        *item = q->items[size - 1];
        keep(*item);
    }
    ac_stack_unlock_(q);
    return status;
}

/* No push succeeds after it; pops go on until the stack is empty. */
AC_UNUSED static void ac_stack_close(ac_stack *q) {
    ac_stack_lock_(q);
    ac_store_relaxed(&q->closed, 1u);
    ac_stack_unlock_(q);
}

/* Takes everything out at one instant: the array is the caller's to free, topmost item last. */
AC_UNUSED static uintptr_t *ac_stack_take_all(ac_stack *q, uint64_t *count) {
    ac_stack_lock_(q);
    uintptr_t *const items = q->items;
    *count = ac_load_relaxed(&q->count);
    q->items = NULL;
    q->room = 0;
    ac_store_release(&q->count, UINT64_C(0));
    ac_stack_unlock_(q);
    return items;
}

/* See ac_mpmc_visit: only while no thread is inside any operation. */
AC_UNUSED static int ac_stack_visit(ac_stack *q, int (*visit)(uintptr_t item, void *arg), void *arg) {
    const uint64_t count = ac_load_relaxed(&q->count);
    for (uint64_t i = 0; i < count; i++) {
        const int rc = visit(q->items[i], arg);
        if (rc != 0) return rc;
    }
    return 0;
}

#endif
