/* ac_latch.h - a number that only falls; whoever waits goes on when it is zero, and for ever after.
 *
 * The sleeping is the caller's loop on `zero` (ac_event_count.h). No baton is needed: the condition
 * becomes true once and stays, so that whoever announces itself after the one notification sees it.
 * Zero-initialised is a latch that is open. With AC_GUARDED_BY_LOCK the caller's lock serialises
 * everything but the spin.
 */
#ifndef AC_LATCH_H
#define AC_LATCH_H

#include "base/ac_guarded.h"
#include "sync/ac_event_count.h"
#include "sync/ac_spin.h"

typedef struct ac_latch {
    ac_atomic_u64 count; /* by count_down, one compare-and-swap each */
    ac_event_count zero; /* waiters sleep here; notified once */
    ac_spin spin;
} ac_latch;

AC_INLINE void ac_latch_init(ac_latch *l, uint64_t count) { ac_store_seq_cst(&l->count, count); }

/* acquire: what was done before the last count_down, a release, is seen */
AC_INLINE uint64_t ac_latch_count(ac_latch *l) { return ac_gload_acquire(&l->count); }

/* AC_OK, or AC_FULL and nothing changed if the count is smaller than `by`. */
AC_INLINE ac_status ac_latch_count_down(ac_latch *l, uint64_t by) {
    uint64_t count = ac_gload_relaxed(&l->count);
    do {
        if (count < by) return AC_FULL;
    } while (AC_UNLIKELY(!ac_gcas_seq_cst(&l->count, &count, count - by)));
    if (count == by) ac_ec_notify_all(&l->zero, AC_WAIT_PRIVATE);
    return AC_OK;
}

/* Waits until the count is zero; false if the deadline (ac_clock.h) came first. For threads that have no
 * interpreter to let go of and no signals to look after. */
AC_UNUSED static bool ac_latch_wait(ac_latch *l, int64_t deadline_ns) {
    for (;;) {
        if (ac_latch_count(l) == 0) return true;
        const uint32_t key = ac_ec_prepare(&l->zero);
        if (ac_latch_count(l) == 0) return true;
        if (ac_ec_wait(&l->zero, key, deadline_ns, AC_WAIT_PRIVATE) == AC_WAIT_TIMEOUT)
            return ac_latch_count(l) == 0;
    }
}

AC_INLINE bool ac_latch_ready_(void *l, uint32_t unused) {
    (void)unused;
    return ac_load_relaxed(&((ac_latch *)l)->count) == 0;
}
AC_UNUSED static int64_t ac_latch_spin(ac_latch *l, int64_t deadline_ns) {
    return ac_spin_until(&l->spin, ac_latch_ready_, l, 0, deadline_ns);
}

#endif
