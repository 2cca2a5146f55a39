/* ac_seen.h - a hash table of 64-bit keys that only says which there are: buckets of eight, as long as
 * a cache line.
 *
 * ac_tally.h without the counts: of a million times the same key the table is only read, and half as
 * much memory holds as many keys, so that it stays longer in the second-level cache. One thread fills
 * it; it refuses once it would outgrow what it was allowed, as ac_tally.h does.
 */
#ifndef AC_SEEN_H
#define AC_SEEN_H

#include "kernels/ac_tally.h" /* the same results of adding */

#define AC_SEEN_WAYS 8
#define AC_SEEN_FULLEST 6 /* at most so many places a bucket on average: beyond, one key in twenty is away */
#define AC_SEEN_MIN_BITS 5
#define AC_SEEN_MAX_BITS 18 /* 16 MB */

typedef struct ac_seen {
    /* AC_SEEN_WAYS << bits, 0 where empty, buckets filled from the front; or NULL. A line of its own:
     * the next table in an array is another thread's. */
    AC_ALIGNED_LINE uint64_t *place;
    int bits;
    ac_simd simd;
    bool zero;    /* whether the key 0 is in it */
    int64_t used; /* different keys in it but for 0 */
} ac_seen;

/* Makes it empty. 1 << bits buckets to begin with, from AC_SEEN_MIN_BITS to AC_SEEN_MAX_BITS. */
AC_INLINE void ac_seen_init(ac_seen *t, ac_simd simd, int bits) {
    const ac_seen empty = {NULL, bits, simd, false, 0};
    *t = empty;
}

/* Adds keys[0..n). Unless it returns AC_TALLY_OK, some of them are in it and some are not. */
ac_tally_status ac_seen_add(ac_seen *t, const uint64_t *keys, int64_t n);

/* How many different keys are in it. */
AC_INLINE int64_t ac_seen_size(const ac_seen *t) { return t->used + t->zero; }

/* Writes them, in no order; returns how many. One place more is written to. */
int64_t ac_seen_keys(const ac_seen *t, uint64_t *keys);

void ac_seen_end(ac_seen *t);

#endif
