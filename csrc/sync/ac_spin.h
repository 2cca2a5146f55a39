/* ac_spin.h - look again for a few microseconds before going to sleep.
 *
 * A futex wake costs both sides tens of microseconds; an answer that comes within the spin costs
 * none of it. The time is bounded and adaptive: a spin that hits doubles the next one's patience, one
 * that misses halves it, so that where nobody answers quickly next to nothing is spent.
 *
 * Every few looks the processor is offered to others (sched_yield). Two threads that answer each other
 * are often put on one processor, because the system sees them run by turns; there, pauses would only
 * keep the other from answering. A yield lets it run, and since both are then runnable the system may
 * move one away. Where the processor is wanted by somebody else as well, a yield can cost a whole
 * slice (milliseconds): one that took that long is the last for AC_SPIN_QUIET spins.
 *
 * To be called without the interpreter's lock (DESIGN: never spin while holding the GIL). A spin
 * decides nothing: the caller takes its lock back and tries again.
 */
#ifndef AC_SPIN_H
#define AC_SPIN_H

#include "base/ac_atomic.h"
#include "base/ac_clock.h"

#include <sched.h>

/* Longer than a futex wake (5 to 50 us here) could only lose. The least is what a thread that runs
 * already takes to answer, so that one sleep between two threads does not lead to the next. */
#define AC_SPIN_MAX_NS 20000u
#define AC_SPIN_MIN_NS 3000u

/* Of so many misses one is followed by a spin that outlasts a futex wake. Two threads that have come to
 * answer each other by sleeping and waking find back to spinning by it. */
#define AC_SPIN_PROBE_EVERY 16u
#define AC_SPIN_PROBE_NS 60000u

#define AC_SPIN_LOOKS 8u          /* one yield in so many looks: some 0.3 us */
#define AC_SPIN_YIELD_LONG 100000 /* ns; a yield to the answering thread takes 1 to 5 us */
#define AC_SPIN_QUIET 1000u       /* spins without a yield after a long one: 3 us each for 3 ms */

/* With a GIL, the thread that made the condition true still holds it for a moment, until it waits
 * itself. Attaching in that moment means a futex sleep, and the other's detaching a futex wake: a
 * hundred times what it costs to spin on until it is over. How long it lasts depends on the machine and
 * on what else it does, so it is measured: an attach that took long doubles the time, one that did not
 * lets it shrink. */
#define AC_SPIN_SETTLE_MIN_NS 200u
#define AC_SPIN_SETTLE_MAX_NS 1600u
#define AC_SPIN_ATTACH_LONG 5000 /* ns; an attach without a sleep takes 0.1 us */

/* Written by all who waited; a lost update is harmless. */
typedef struct ac_spin {
    ac_atomic_u32 budget_ns;
    ac_atomic_u32 misses;    /* since the last hit */
    ac_atomic_u32 quiet;     /* so many spins without a yield are still to come */
    ac_atomic_u32 settle_ns; /* with a GIL: how much longer a spin that hit goes on */
} ac_spin;

/* Whether what the waiter waits for may be there. A constant function: the call is inlined. */
typedef bool (*ac_spin_ready)(void *what, uint32_t argument);

/* Spins until ready(what, argument), the budget is spent or the deadline is past. Returns 0 if it did
 * not become ready, else the time, for ac_spin_attached. */
AC_INLINE int64_t ac_spin_until(ac_spin *spin, ac_spin_ready ready, void *what, uint32_t argument,
                                int64_t deadline_ns) {
    uint32_t quiet = ac_load_relaxed(&spin->quiet);
    uint32_t budget = ac_load_relaxed(&spin->budget_ns);
    if (budget < AC_SPIN_MIN_NS) budget = AC_SPIN_MIN_NS;
    const uint32_t misses = ac_load_relaxed(&spin->misses);
    const bool probe = misses % AC_SPIN_PROBE_EVERY == AC_SPIN_PROBE_EVERY - 1;
    int64_t now = ac_now_ns();
    int64_t until = now + (probe ? AC_SPIN_PROBE_NS : budget);
    if (until > deadline_ns) until = deadline_ns;
    bool hit = false;
    for (uint32_t looks = 1;; looks++) {
        hit = ready(what, argument);
        if (hit || now >= until) break;
        if (quiet == 0 && looks % AC_SPIN_LOOKS == 0) {
            const int64_t before = now;
            sched_yield();
            now = ac_now_ns();
            if (now - before > AC_SPIN_YIELD_LONG) quiet = AC_SPIN_QUIET;
        } else {
            ac_pause();
            now = ac_now_ns();
        }
    }
    ac_store_relaxed(&spin->quiet, quiet > 0 ? quiet - 1 : 0);
    ac_store_relaxed(&spin->misses, hit ? 0 : misses + 1);
    if (!hit) {
        ac_store_relaxed(&spin->budget_ns, budget / 2);
        return 0;
    }
    ac_store_relaxed(&spin->budget_ns,
                     budget * 2 < AC_SPIN_MAX_NS ? budget * 2 : AC_SPIN_MAX_NS);
#ifdef AC_GUARDED_BY_LOCK
    uint32_t settle = ac_load_relaxed(&spin->settle_ns);
    if (settle < AC_SPIN_SETTLE_MIN_NS) settle = AC_SPIN_SETTLE_MIN_NS;
    const int64_t settled = now + settle;
    while ((now = ac_now_ns()) < settled) ac_pause();
#endif
    return now;
}

/* To be called with the interpreter's lock back, with what the spin returned. */
AC_INLINE void ac_spin_attached(ac_spin *spin, int64_t left_ns) {
#ifdef AC_GUARDED_BY_LOCK
    if (left_ns == 0) return;
    uint32_t settle = ac_load_relaxed(&spin->settle_ns);
    if (settle < AC_SPIN_SETTLE_MIN_NS) settle = AC_SPIN_SETTLE_MIN_NS;
    if (ac_now_ns() - left_ns > AC_SPIN_ATTACH_LONG)
        settle = settle * 2 < AC_SPIN_SETTLE_MAX_NS ? settle * 2 : AC_SPIN_SETTLE_MAX_NS;
    else
        settle -= settle / 64;
    ac_store_relaxed(&spin->settle_ns, settle);
#else
    (void)spin;
    (void)left_ns;
#endif
}

#endif
