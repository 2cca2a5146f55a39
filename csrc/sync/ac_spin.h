/* ac_spin.h - look again for a few microseconds before going to sleep.
 *
 * A futex wake costs both sides tens of microseconds; an answer that comes within the spin costs
 * none of it. The time is bounded and adaptive: a spin that hits doubles the next one's patience, one
 * that misses halves it, so that where nobody answers quickly next to nothing is spent.
 *
 * To be called without the interpreter's lock (DESIGN: never spin while holding the GIL). A spin
 * decides nothing: the caller takes its lock back and tries again.
 */
#ifndef AC_SPIN_H
#define AC_SPIN_H

#include "base/ac_atomic.h"
#include "base/ac_clock.h"

/* Longer than a futex wake (5 to 50 us here) could only lose. */
#define AC_SPIN_MAX_NS 20000u
#define AC_SPIN_MIN_NS 500u

/* With a GIL, the thread that made the condition true still holds it for a moment; attaching at
 * once would mean a futex sleep. Measured: 0.2 us is enough for it to return and go to sleep. */
#define AC_SPIN_SETTLE_NS 200

typedef struct ac_spin {
    ac_atomic_u32 budget_ns; /* by all who waited; a lost update is harmless */
} ac_spin;

/* Whether what the waiter waits for may be there. A constant function: the call is inlined. */
typedef bool (*ac_spin_ready)(void *what, uint32_t argument);

/* Spins until ready(what, argument), the budget is spent or the deadline is past; returns whether it
 * became ready. */
AC_INLINE bool ac_spin_until(ac_spin *spin, ac_spin_ready ready, void *what, uint32_t argument,
                             int64_t deadline_ns) {
    uint32_t budget = ac_load_relaxed(&spin->budget_ns);
    if (budget < AC_SPIN_MIN_NS) budget = AC_SPIN_MIN_NS;
    int64_t until = ac_now_ns() + budget;
    if (until > deadline_ns) until = deadline_ns;
    bool hit = false;
    for (;;) {
        hit = ready(what, argument);
        if (hit || ac_now_ns() >= until) break;
        ac_pause();
    }
    if (hit) {
        budget = budget * 2 < AC_SPIN_MAX_NS ? budget * 2 : AC_SPIN_MAX_NS;
#ifdef AC_GUARDED_BY_LOCK
        const int64_t settled = ac_now_ns() + AC_SPIN_SETTLE_NS;
        while (ac_now_ns() < settled) ac_pause();
#endif
    } else {
        budget /= 2;
    }
    ac_store_relaxed(&spin->budget_ns, budget);
    return hit;
}

#endif
