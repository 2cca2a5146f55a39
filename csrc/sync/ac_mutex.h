/* ac_mutex.h - a lock for a few instructions inside csrc: one word, three states.
 *
 * Drepper, "Futexes are tricky", mutex 2. Not fair, not recursive, without an owner; never held
 * across anything that may run Python, attach or detach. Zero-initialised is unlocked.
 *
 * word  0 UNLOCKED
 *       1 LOCKED      nobody sleeps
 *       2 CONTENDED   someone sleeps, or is about to; legal with nobody asleep
 */
#ifndef AC_MUTEX_H
#define AC_MUTEX_H

#include "base/ac_backoff.h"
#include "wait/ac_wait.h"

typedef struct ac_mutex {
    ac_atomic_u32 word;
} ac_mutex;

AC_INLINE bool ac_mutex_try_lock(ac_mutex *m) {
    uint32_t unlocked = 0;
    return ac_cas_acquire(&m->word, &unlocked, 1); /* pairs with the exchange in unlock */
}

AC_UNUSED AC_COLD static void ac_mutex_lock_slow_(ac_mutex *m) {
    ac_backoff backoff = {0};
    while (backoff.step < AC_BACKOFF_SPIN_LIMIT) {
        if (ac_load_relaxed(&m->word) == 0 && ac_mutex_try_lock(m)) return;
        ac_backoff_spin(&backoff);
    }
    /* From here on the lock is taken as CONTENDED: whoever slept cannot know who else sleeps. */
    while (ac_exchange_acquire(&m->word, 2) != 0)
        ac_wait(&m->word, 2, AC_FOREVER, AC_WAIT_PRIVATE);
}

AC_INLINE void ac_mutex_lock(ac_mutex *m) {
    if (AC_UNLIKELY(!ac_mutex_try_lock(m))) ac_mutex_lock_slow_(m);
}

AC_INLINE void ac_mutex_unlock(ac_mutex *m) {
    /* release: what was written inside is seen by the next holder's acquire */
    if (AC_UNLIKELY(ac_exchange_acq_rel(&m->word, 0) == 2))
        ac_wake(&m->word, 1, AC_WAIT_PRIVATE);
}

#endif
