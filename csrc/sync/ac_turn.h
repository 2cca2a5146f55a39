/* ac_turn.h - threads that hammer the same object take turns of many operations.
 *
 *   if (AC_UNLIKELY(ac_turn_is_anothers(&t, me)) && ac_turn_look(&t, me)) {
 *       detach; ac_turn_wait(&t, me); attach
 *   }
 *   the operation on the object
 *
 * An operation of 50 ns becomes one of 200 ns when another thread does the same at the same time:
 * every cache line that both write changes sides again and again, those of the object's own words
 * and, without a GIL, that of the reference count that each call of a method changes twice. A queue
 * under a lock escapes from it by accident: who does not get the lock sleeps, and the other runs
 * alone for a while. Here it is done on purpose and without a lock: who meets a busy other steps
 * aside for some hundred microseconds. It is contention management for a whole operation instead of a single
 * compare-and-swap (Dice, Hendler, Mirsky: Lightweight contention management for efficient
 * compare-and-swap operations, Euro-Par 2013).
 *
 * Nothing depends on it but time: all words are hints, read and written relaxed, and a lost update
 * is harmless. A thread enters at the latest when AC_TURN_NS are over, whatever the others do.
 *
 *   holder   whose turn it is; by who begins one
 *   uses     operations; by all who do one
 *   crowded  AC_TURN_MEMORY when a look has found others busy, one less for each that has not since; by who
 *            looked. Above zero everybody looks who meets another, and who has slept
 *   meetings operations that found another's turn, while it was not crowded; by who did them
 *
 * While nobody is known to be busy, one in AC_TURN_EVERY of those who meet another looks, which
 * takes 3 us; so occasional users pay some 50 ns each. Busy means: more than one operation in
 * 400 ns. Where a thread does more than that between two operations, nobody waits for it.
 *
 * Who slept because a queue was full is woken by the first item that is taken, and would meet the
 * other, who takes the next ones, at each of them. So it asks ac_turn_is_crowded first, and lets the
 * other go on.
 */
#ifndef AC_TURN_H
#define AC_TURN_H

#include "base/ac_atomic.h"
#include "base/ac_clock.h"

#include <sched.h>
#include <stdbool.h>

#define AC_TURN_NS INT64_C(400000)
#define AC_TURN_EVERY 64u
#define AC_TURN_LOOK_NS INT64_C(3000)
#define AC_TURN_LOOK_PAUSES 16
#define AC_TURN_BUSY 8u
#define AC_TURN_MEMORY 8u

typedef struct ac_turn {
    ac_atomic_u64 holder;
    ac_atomic_u64 uses;
    ac_atomic_u32 crowded;
    ac_atomic_u32 meetings;
} ac_turn;

/* Whether another thread did the last operation. `me` is not 0, and no other thread's. */
AC_INLINE bool ac_turn_is_anothers(ac_turn *t, uint64_t me) {
    ac_store_relaxed(&t->uses, ac_load_relaxed(&t->uses) + 1);
    return ac_load_relaxed(&t->holder) != me;
}

/* After that: whether it pays to call ac_turn_wait. Otherwise it is this thread's turn. */
AC_INLINE bool ac_turn_look(ac_turn *t, uint64_t me) {
    if (!ac_load_relaxed(&t->crowded)) {
        const uint32_t meetings = ac_load_relaxed(&t->meetings) + 1;
        ac_store_relaxed(&t->meetings, meetings);
        if (meetings % AC_TURN_EVERY != 0) {
            ac_store_relaxed(&t->holder, me);
            return false;
        }
    }
    return true;
}

/* Whether others were busy not long ago: then who comes back from a sleep calls ac_turn_wait. */
AC_INLINE bool ac_turn_is_crowded(ac_turn *t) { return ac_load_relaxed(&t->crowded) > 0; }

/* Waits while the others are busy, AC_TURN_NS at most; then it is this thread's turn. */
AC_UNUSED AC_COLD static void ac_turn_wait(ac_turn *t, uint64_t me) {
    const int64_t start = ac_now_ns();
    int64_t now = start, look = start;
    uint64_t seen = ac_load_relaxed(&t->uses);
    bool crowded = false;
    do {
        /* By the clock: a pause is 10 ns long on one processor and 50 on the next. */
        while (now - look < AC_TURN_LOOK_NS) {
            for (int i = 0; i < AC_TURN_LOOK_PAUSES; i++) ac_pause();
            now = ac_now_ns();
        }
        sched_yield(); /* the busy one may be on this processor: the system sees them run by turns */
        const uint64_t uses = ac_load_relaxed(&t->uses);
        if (uses - seen < AC_TURN_BUSY) break;
        seen = uses;
        look = now;
        crowded = true;
    } while (now - start < AC_TURN_NS);
    const uint32_t before = ac_load_relaxed(&t->crowded);
    ac_store_relaxed(&t->crowded, crowded ? AC_TURN_MEMORY : before > 0 ? before - 1 : 0);
    ac_store_relaxed(&t->holder, me);
}

#endif
