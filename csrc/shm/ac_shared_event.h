/* ac_shared_event.h - a flag between processes, to wait for.
 *
 *   first = ac_shared_event_look(&e);
 *   while ((key = ac_shared_event_prepare(&e, first)) != 0)
 *       ac_wait(&e.word, key, end of the slice, AC_WAIT_SHARED);
 *
 * word = { generation : 30, sleepers : 1, set : 1 }. A set puts the flag up, takes the sleepers' mark
 * down and moves the generation, in one step: who waited when it was set goes on, also if it is cleared
 * before it runs. Nobody is counted, so that a waiter that dies leaves at most a mark: one system call
 * too many. Zero-initialised is down. A waiter may miss 2^30 sets during one sleep: accepted.
 */
#ifndef AC_SHARED_EVENT_H
#define AC_SHARED_EVENT_H

#include "sync/ac_spin.h"
#include "wait/ac_wait.h"

#define AC_SHARED_EVENT_SET 1u
#define AC_SHARED_EVENT_SLEEPERS 2u
#define AC_SHARED_EVENT_GENERATION 4u

typedef struct ac_shared_event {
    ac_atomic_u32 word; /* written by all */
} ac_shared_event;

/* Acquire: pairs with the release of ac_shared_event_set. */
AC_INLINE uint32_t ac_shared_event_look(ac_shared_event *e) { return ac_load_acquire(&e->word); }
AC_INLINE bool ac_shared_event_is_set(ac_shared_event *e) {
    return (ac_shared_event_look(e) & AC_SHARED_EVENT_SET) != 0;
}

AC_UNUSED static void ac_shared_event_set(ac_shared_event *e) {
    uint32_t seen = ac_load_relaxed(&e->word);
    do {
        if (seen & AC_SHARED_EVENT_SET) {
            /* It is up already; what this caller did before is to be seen by who looks now. */
            if (ac_cas_acq_rel(&e->word, &seen, seen)) return;
            continue;
        }
        if (ac_cas_acq_rel(&e->word, &seen,
                           ((seen & ~AC_SHARED_EVENT_SLEEPERS) | AC_SHARED_EVENT_SET) +
                               AC_SHARED_EVENT_GENERATION))
            break;
    } while (true);
    if (seen & AC_SHARED_EVENT_SLEEPERS) ac_wake(&e->word, AC_WAKE_ALL, AC_WAIT_SHARED);
}

AC_INLINE void ac_shared_event_clear(ac_shared_event *e) {
    ac_fetch_and_acq_rel(&e->word, ~AC_SHARED_EVENT_SET);
}

AC_INLINE bool ac_shared_event_over_(uint32_t seen, uint32_t first) {
    return (seen & AC_SHARED_EVENT_SET) || (seen ^ first) >= AC_SHARED_EVENT_GENERATION;
}

/* 0 if it is set, or was since `first` was looked at; else announces a sleeper and returns the word to
 * sleep on. */
AC_UNUSED static uint32_t ac_shared_event_prepare(ac_shared_event *e, uint32_t first) {
    uint32_t seen = ac_load_acquire(&e->word);
    for (;;) {
        if (ac_shared_event_over_(seen, first)) return 0;
        if (seen & AC_SHARED_EVENT_SLEEPERS) return seen;
        if (ac_cas_acquire(&e->word, &seen, seen | AC_SHARED_EVENT_SLEEPERS))
            return seen | AC_SHARED_EVENT_SLEEPERS;
    }
}

AC_INLINE bool ac_shared_event_ready_(void *event, uint32_t first) {
    return ac_shared_event_over_(ac_load_relaxed(&((ac_shared_event *)event)->word), first);
}
AC_UNUSED static int64_t ac_shared_event_spin(ac_shared_event *e, ac_spin *spin, uint32_t first,
                                              int64_t deadline) {
    return ac_spin_until(spin, ac_shared_event_ready_, e, first, deadline);
}

#endif
