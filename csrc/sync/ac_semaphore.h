/* ac_semaphore.h - a number of permits: take one if there is one, give some back.
 *
 * The sleeping is the caller's loop (ac_event_count.h), because the caller has an interpreter to let
 * go of and signals to look after:
 *
 *   while (!ac_semaphore_try_acquire(&s)) { prepare; try again; sleep; }
 *   if (slept) ac_semaphore_pass(&s);                                     <- the baton
 *
 * A permit is never given to a waiter: it lies in `value` until somebody takes it. So a waiter that
 * leaves by a timeout or an exception has nothing to give back but the wake. Not fair: a thread
 * that does not sleep may take a permit before one that was woken for it, as in the standard one.
 *
 * Zero-initialised is not valid: ac_semaphore_init. With AC_GUARDED_BY_LOCK the caller's lock
 * serialises everything but the spin.
 */
#ifndef AC_SEMAPHORE_H
#define AC_SEMAPHORE_H

#include "base/ac_guarded.h"
#include "sync/ac_event_count.h"
#include "sync/ac_spin.h"

#define AC_SEMAPHORE_MAX (UINT64_C(1) << 62)

typedef struct ac_semaphore {
    ac_atomic_u64 value;  /* permits; by all, each change one compare-and-swap */
    ac_atomic_u64 limit;  /* most that a release may bring value to; by init alone */
    ac_event_count freed; /* sleepers wait here for a permit, releases notify */
    ac_spin spin;
} ac_semaphore;

AC_INLINE void ac_semaphore_init(ac_semaphore *s, uint64_t value, uint64_t limit) {
    ac_store_relaxed(&s->limit, limit);
    ac_store_seq_cst(&s->value, value);
    ac_ec_notify_all(&s->freed, AC_WAIT_PRIVATE); /* initialised again while others wait */
}

AC_INLINE uint64_t ac_semaphore_value(ac_semaphore *s) { return ac_load_relaxed(&s->value); }

/* The waiter's test, S3 of the event count: a seq_cst read-modify-write when it succeeds; when it
 * fails, a load that comes after the fence of ac_ec_prepare. */
AC_INLINE bool ac_semaphore_try_acquire(ac_semaphore *s) {
    uint64_t value = ac_gload_relaxed(&s->value);
    do {
        if (AC_UNLIKELY(value == 0)) return false;
    } while (AC_UNLIKELY(!ac_gcas_seq_cst(&s->value, &value, value - 1)));
    return true;
}

/* AC_OK, or AC_FULL and nothing changed if the value would pass the limit. `count` is at least 1. */
AC_INLINE ac_status ac_semaphore_release(ac_semaphore *s, uint64_t count) {
    const uint64_t limit = ac_load_relaxed(&s->limit);
    uint64_t value = ac_gload_relaxed(&s->value);
    do {
        if (AC_UNLIKELY(count > limit || value > limit - count)) return AC_FULL;
    } while (AC_UNLIKELY(!ac_gcas_seq_cst(&s->value, &value, value + count)));
    /* the claim is a seq_cst read-modify-write of the word that the waiter tests: no fence */
    if (AC_LIKELY(!ac_ec_anybody(&s->freed))) return AC_OK;
    if (count == 1)
        ac_ec_notify_one(&s->freed, AC_WAIT_PRIVATE);
    else
        ac_ec_notify_all(&s->freed, AC_WAIT_PRIVATE);
    return AC_OK;
}

/* The baton of a waiter that has slept, however it leaves: if there is a permit, the next one. */
AC_INLINE void ac_semaphore_pass(ac_semaphore *s) {
    if (ac_semaphore_value(s) > 0) ac_ec_notify_one(&s->freed, AC_WAIT_PRIVATE);
}

AC_INLINE bool ac_semaphore_ready_(void *s, uint32_t unused) {
    (void)unused;
    return ac_load_relaxed(&((ac_semaphore *)s)->value) > 0;
}
AC_UNUSED static int64_t ac_semaphore_spin(ac_semaphore *s, int64_t deadline_ns) {
    return ac_spin_until(&s->spin, ac_semaphore_ready_, s, 0, deadline_ns);
}

#endif
