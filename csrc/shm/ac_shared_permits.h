/* ac_shared_permits.h - permits between processes that have owners: those of the dead come back.
 *
 *   if (!ac_shared_permits_take(&p, me)) wait on p.freed, and call ac_shared_permits_reap now and then
 *   if (!ac_shared_permits_give(&p, me)) ...                              this process has none
 *
 * One word for each permit: zero, or the process that has it (ac_shared_id.h). Taking and giving back
 * are one compare-and-swap each: at no instant does a permit belong to nobody known or to two, so that
 * a kill at any step loses none and adds none. Taking looks at all words at worst: for some hundreds.
 */
#ifndef AC_SHARED_PERMITS_H
#define AC_SHARED_PERMITS_H

#include "shm/ac_shared_id.h"
#include "sync/ac_event_count.h"

typedef struct ac_shared_permits {
    ac_event_count freed; /* notified with AC_WAIT_SHARED whenever a word becomes zero */
    uint32_t count;       /* written once, before anybody else has it */
    ac_atomic_u64 owner[];
} ac_shared_permits;

AC_INLINE bool ac_shared_permits_take(ac_shared_permits *p, uint64_t me) {
    for (uint32_t i = 0; i < p->count; i++) {
        uint64_t seen = ac_load_relaxed(&p->owner[i]);
        if (seen == 0 && ac_cas_seq_cst(&p->owner[i], &seen, me)) return true;
    }
    return false;
}

/* False, and nothing changed, if `me` has none. */
AC_INLINE bool ac_shared_permits_give(ac_shared_permits *p, uint64_t me) {
    for (uint32_t i = p->count; i-- > 0;) {
        uint64_t seen = ac_load_relaxed(&p->owner[i]);
        if (seen == me && ac_cas_seq_cst(&p->owner[i], &seen, 0)) {
            ac_ec_notify_one(&p->freed, AC_WAIT_SHARED); /* its fence F1 comes before the flag */
            return true;
        }
    }
    return false;
}

AC_UNUSED static uint32_t ac_shared_permits_free(ac_shared_permits *p) {
    uint32_t found = 0;
    for (uint32_t i = 0; i < p->count; i++) found += ac_load_relaxed(&p->owner[i]) == 0;
    return found;
}

/* Takes back what the dead have; returns how many. Asks the kernel once for each process in a row. */
AC_UNUSED static uint32_t ac_shared_permits_reap(ac_shared_permits *p, uint64_t me, bool thorough) {
    uint32_t found = 0;
    uint64_t last = me;
    bool dead = false;
    for (uint32_t i = 0; i < p->count; i++) {
        uint64_t seen = ac_load_relaxed(&p->owner[i]);
        if (seen == 0 || seen == me) continue;
        if (seen != last) {
            last = seen;
            dead = ac_shared_id_dead(seen, thorough);
        }
        if (dead && ac_cas_seq_cst(&p->owner[i], &seen, 0)) found++;
    }
    if (found > 0) ac_ec_notify_one(&p->freed, AC_WAIT_SHARED);
    return found;
}

#endif
