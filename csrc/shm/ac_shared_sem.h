/* ac_shared_sem.h - a number of permits between processes, without owners.
 *
 *   if (!ac_shared_sem_try(&s))
 *       while (!ac_shared_sem_prepare(&s)) ac_shared_sem_sleep(&s, end of the slice);
 *   if (ac_shared_sem_release(&s) == AC_FULL) ...             there would be more than the limit
 *
 * word = { sleepers : 1, permits : 31 }, so that the flag and the number that a sleeper relies on
 * change in one step. A release clears the flag and wakes one; the woken one takes its permit, the flag up
 * again, and wakes the next if there are permits left. So a second release that came before the woken
 * one ran, and saw no flag, is not lost (LOCKS.md). A flag can be up with nobody asleep: a system call
 * too many. Waiters sleep in slices, because a woken one may be killed before it passes the wake on.
 */
#ifndef AC_SHARED_SEM_H
#define AC_SHARED_SEM_H

#include "sync/ac_spin.h"
#include "wait/ac_wait.h"

#define AC_SHARED_SEM_SLEEPERS 0x80000000u
#define AC_SHARED_SEM_MAX 0x7FFFFFFFu

typedef struct ac_shared_sem {
    ac_atomic_u32 word; /* written by all */
    uint32_t limit;     /* written once, before anybody else has it */
} ac_shared_sem;

AC_UNUSED static void ac_shared_sem_init(ac_shared_sem *s, uint32_t value, uint32_t limit) {
    s->limit = limit;
    ac_store_release(&s->word, value);
}

AC_INLINE uint32_t ac_shared_sem_value(ac_shared_sem *s) {
    return ac_load_relaxed(&s->word) & AC_SHARED_SEM_MAX;
}

/* Takes a permit if there is one. Acquire: pairs with the release of ac_shared_sem_release. */
AC_INLINE bool ac_shared_sem_try(ac_shared_sem *s) {
    uint32_t seen = ac_load_relaxed(&s->word);
    while (seen & AC_SHARED_SEM_MAX)
        if (AC_LIKELY(ac_cas_acquire(&s->word, &seen, seen - 1))) return true;
    return false;
}

/* Takes a permit as one who may have slept; or announces a sleeper and returns false. */
AC_UNUSED static bool ac_shared_sem_prepare(ac_shared_sem *s) {
    uint32_t seen = ac_load_relaxed(&s->word);
    for (;;) {
        if (seen & AC_SHARED_SEM_MAX) {
            if (!ac_cas_acquire(&s->word, &seen, (seen - 1) | AC_SHARED_SEM_SLEEPERS)) continue;
            if ((seen - 1) & AC_SHARED_SEM_MAX) ac_wake(&s->word, 1, AC_WAIT_SHARED);
            return true;
        }
        if (seen & AC_SHARED_SEM_SLEEPERS) return false;
        if (ac_cas_relaxed(&s->word, &seen, AC_SHARED_SEM_SLEEPERS)) return false;
    }
}

AC_INLINE ac_wait_status ac_shared_sem_sleep(ac_shared_sem *s, int64_t deadline) {
    return ac_wait(&s->word, AC_SHARED_SEM_SLEEPERS, deadline, AC_WAIT_SHARED);
}

/* AC_FULL, and nothing changed, where there would be more than the limit. */
AC_INLINE ac_status ac_shared_sem_release(ac_shared_sem *s) {
    uint32_t seen = ac_load_relaxed(&s->word);
    do {
        if (AC_UNLIKELY((seen & AC_SHARED_SEM_MAX) >= s->limit)) return AC_FULL;
    } while (AC_UNLIKELY(!ac_cas_acq_rel(&s->word, &seen, (seen & AC_SHARED_SEM_MAX) + 1)));
    if (AC_UNLIKELY(seen & AC_SHARED_SEM_SLEEPERS)) ac_wake(&s->word, 1, AC_WAIT_SHARED);
    return AC_OK;
}

/* For a waiter that leaves without having looked since it slept: a wake that chose it goes on. */
AC_UNUSED static void ac_shared_sem_pass(ac_shared_sem *s) {
    uint32_t seen = ac_load_relaxed(&s->word);
    for (;;) {
        if (seen & AC_SHARED_SEM_MAX) {
            ac_wake(&s->word, 1, AC_WAIT_SHARED);
            return;
        }
        /* Also if the flag is up: the look may be of before the wake, the swap is not. */
        if (ac_cas_relaxed(&s->word, &seen, AC_SHARED_SEM_SLEEPERS)) return;
    }
}

AC_INLINE bool ac_shared_sem_ready_(void *sem, uint32_t unused) {
    (void)unused;
    return (ac_load_relaxed(&((ac_shared_sem *)sem)->word) & AC_SHARED_SEM_MAX) != 0;
}
AC_UNUSED static int64_t ac_shared_sem_spin(ac_shared_sem *s, ac_spin *spin, int64_t deadline) {
    return ac_spin_until(spin, ac_shared_sem_ready_, s, 0, deadline);
}

#endif
