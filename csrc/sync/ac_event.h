/* ac_event.h - a flag to wait for: set, clear, and wait until it was set. One word.
 *
 * word = { generation:30, sleepers:1, set:1 }
 *   set         the flag
 *   sleepers    somebody sleeps on the word, or is about to, or did and left by a timeout
 *   generation  grows each time the flag goes up, so that a waiter knows that it was up although it is
 *               down again. It wraps after 2^30 sets between two looks of one waiter: accepted.
 *
 * Who writes: `set` and `clear` the flag and the generation, waiters the sleepers bit, each with a
 * compare-and-swap of the whole word. The flag, the announcement and the address to sleep on are one
 * word, so that no fence is needed: a set that comes after the announcement sees it, one that comes
 * before changes the word, and the kernel refuses the sleep.
 *
 *   first = ac_event_look(&e);
 *   while ((key = ac_event_prepare(&e, first)) != 0) sleep on e.word while it is key;
 *
 * Zero-initialised is a flag that is down. With AC_GUARDED_BY_LOCK the caller's lock serialises
 * everything but the spin.
 */
#ifndef AC_EVENT_H
#define AC_EVENT_H

#include "base/ac_guarded.h"
#include "sync/ac_spin.h"
#include "wait/ac_wait.h"

#define AC_EVENT_SET 1u
#define AC_EVENT_SLEEPERS 2u
#define AC_EVENT_GENERATION_ONE 4u
#define AC_EVENT_GENERATION (~(AC_EVENT_SET | AC_EVENT_SLEEPERS))

typedef struct ac_event {
    ac_atomic_u32 word;
    ac_spin spin;
} ac_event;

/* acquire: what the setter did before its set, a release, is seen */
AC_INLINE bool ac_event_is_set(ac_event *e) { return ac_gload_acquire(&e->word) & AC_EVENT_SET; }

AC_UNUSED AC_COLD static void ac_event_wake_(ac_event *e) {
    ac_wake(&e->word, AC_WAKE_ALL, AC_WAIT_PRIVATE);
}

/* Puts the flag up and wakes all; returns whether it was up before. Also where it was, the word is
 * written: what this thread did before is then seen by who finds the flag up. */
AC_INLINE bool ac_event_set(ac_event *e) {
    uint32_t word = ac_gload_relaxed(&e->word), next;
    do {
        next = word & AC_EVENT_SET
                   ? word
                   : ((word | AC_EVENT_SET) & ~AC_EVENT_SLEEPERS) + AC_EVENT_GENERATION_ONE;
    } while (AC_UNLIKELY(!ac_gcas_u32_seq_cst(&e->word, &word, next)));
    if (AC_UNLIKELY((word & (AC_EVENT_SET | AC_EVENT_SLEEPERS)) == AC_EVENT_SLEEPERS))
        ac_event_wake_(e);
    return word & AC_EVENT_SET;
}

/* Takes the flag down; returns whether it was up. */
AC_INLINE bool ac_event_clear(ac_event *e) {
    uint32_t word = ac_gload_relaxed(&e->word);
    do {
        if (!(word & AC_EVENT_SET)) return false;
    } while (AC_UNLIKELY(!ac_gcas_u32_seq_cst(&e->word, &word, word & ~AC_EVENT_SET)));
    return true;
}

/* The generation at which a wait begins. */
AC_INLINE uint32_t ac_event_look(ac_event *e) {
    return ac_gload_acquire(&e->word) & AC_EVENT_GENERATION;
}

AC_INLINE bool ac_event_passed_(void *e, uint32_t first) {
    const uint32_t word = ac_load_acquire(&((ac_event *)e)->word);
    return (word & AC_EVENT_SET) || (word & AC_EVENT_GENERATION) != first;
}

/* 0 if the flag is up, or was since `first`; else the value of the word to sleep on, announced. */
AC_INLINE uint32_t ac_event_prepare(ac_event *e, uint32_t first) {
    uint32_t word = ac_gload_acquire(&e->word);
    do {
        if ((word & AC_EVENT_SET) || (word & AC_EVENT_GENERATION) != first) return 0;
        if (word & AC_EVENT_SLEEPERS) return word;
    } while (!ac_gcas_u32_seq_cst(&e->word, &word, word | AC_EVENT_SLEEPERS));
    return word | AC_EVENT_SLEEPERS;
}

AC_UNUSED static int64_t ac_event_spin(ac_event *e, uint32_t first, int64_t deadline_ns) {
    return ac_spin_until(&e->spin, ac_event_passed_, e, first, deadline_ns);
}

#endif
