/* ac_claims.h - how many chunks of a dynamic loop a thread takes with one claim.
 *
 * The counter's cache line goes from one processor to another with every claim, which takes longer than a
 * chunk that does next to nothing. So a thread whose claims prove to be short takes twice as many chunks the
 * next time, up to AC_CLAIM_CHUNKS; after one that was long it takes one chunk again. What it has taken it
 * keeps, also when a chunk of those turns out long: therefore they are few, and never more than a part of
 * the thread's share of what is left. The chunks themselves do not change: the function is called for
 * each, and each is a point at which a loop stops.
 */
#ifndef AC_CLAIMS_H
#define AC_CLAIMS_H

#include <stdbool.h>

#include "base/ac_base.h"

#define AC_CLAIM_CHUNKS 8
#define AC_CLAIM_NS INT64_C(1000) /* a longer claim is long; a shorter one than half of it, short */
#define AC_CLAIM_SHARE 4 /* a claim of several is at most 1/4 of one thread's share of what is left */
#define AC_CLAIM_UNTIMED 16 /* claims after a long one that are not timed: looks at a clock cost, too */

/* One thread's, in one loop. */
typedef struct ac_claims {
    int64_t grain, threads; /* of the loop */
    int64_t size;           /* of the next claim: grain * 1, 2, 4 ... AC_CLAIM_CHUNKS */
    int64_t since;          /* when the last one began; INT64_MIN: unknown */
    int64_t untimed;        /* so many more are one grain, and not timed */
} ac_claims;

/* For a loop of n indices, grain >= 1, threads >= 1. `dynamic`: whether claims have a size at all. */
AC_INLINE ac_claims ac_claims_begin(bool dynamic, int64_t n, int64_t grain, int64_t threads) {
    ac_claims c = {grain, threads, grain, INT64_MIN, INT64_MAX};
    /* Where two chunks are too many from the start there is nothing to time. Each thread may claim once
     * after the end: up to half of all integers that passes no end of theirs. */
    if (dynamic && n / AC_CLAIM_SHARE / threads / 2 >= grain && n <= INT64_MAX / 2) c.untimed = 0;
    return c;
}

/* Whether ac_claims_next wants to know the time. */
AC_INLINE bool ac_claims_timed(const ac_claims *c) { return c->untimed == 0; }

/* The size of the next claim, when `left` indices are left and it is `now` (any if not timed). */
AC_INLINE int64_t ac_claims_next(ac_claims *c, int64_t left, int64_t now) {
    if (c->untimed > 0) {
        c->untimed--;
        return c->grain;
    }
    const int64_t took = c->since == INT64_MIN ? AC_CLAIM_NS : now - c->since;
    c->since = now;
    if (took > AC_CLAIM_NS) {
        c->size = c->grain;
        c->since = INT64_MIN;
        c->untimed = AC_CLAIM_UNTIMED;
        return c->grain;
    }
    const int64_t share = left / AC_CLAIM_SHARE / c->threads;
    if (took < AC_CLAIM_NS / 2 && c->size / c->grain < AC_CLAIM_CHUNKS) c->size *= 2;
    while (c->size > c->grain && c->size > share) c->size /= 2;
    return c->size;
}

#endif
