/* ac_tally.h - a hash table that counts 64-bit keys: buckets of four, as long as a cache line.
 *
 * One thread fills it; several may read it afterwards. It is for many keys of which few are
 * different, and refuses once it would outgrow what it was allowed: the caller then sorts instead,
 * whose cost does not depend on the keys.
 */
#ifndef AC_TALLY_H
#define AC_TALLY_H

#include <stdbool.h>

#include "sched/ac_exec.h"

#define AC_TALLY_WAYS 4
#define AC_TALLY_FULLEST 2 /* at most so many places a bucket on average: then one key in twenty steps */

/* Filled from the front. A key is in the first bucket from its home on that had room for it. */
typedef struct ac_tally_bucket {
    uint64_t key[AC_TALLY_WAYS];   /* 0 where the count is */
    uint64_t count[AC_TALLY_WAYS]; /* 0: nothing there */
} ac_tally_bucket;

typedef struct ac_tally {
    /* 1 << bits; NULL before the first key. A line of its own: the next one in an array is another
     * thread's. */
    AC_ALIGNED_LINE ac_tally_bucket *bucket;
    int bits;
    ac_simd simd;
    int64_t used; /* different keys in it */
} ac_tally;

typedef enum ac_tally_status {
    AC_TALLY_OK = 0,
    AC_TALLY_FULL = 1, /* more different keys than allowed, or keys that collide too often */
    AC_TALLY_NOMEM = 2,
} ac_tally_status;

#define AC_TALLY_MIN_BITS 6
#define AC_TALLY_MAX_BITS 18 /* 16 MB */

/* Makes it empty. 1 << bits buckets to begin with, from AC_TALLY_MIN_BITS to AC_TALLY_MAX_BITS. */
AC_INLINE void ac_tally_init(ac_tally *t, ac_simd simd, int bits) {
    const ac_tally empty = {NULL, bits, simd, 0};
    *t = empty;
}

/* Counts keys[0..n). Unless it returns AC_TALLY_OK, some of them are counted and some are not. */
ac_tally_status ac_tally_add(ac_tally *t, const uint64_t *keys, int64_t n);

/* How often the key was counted. */
uint64_t ac_tally_get(const ac_tally *t, uint64_t key);

/* Writes the different keys, in no order; returns how many (t->used). One place more is written to. */
int64_t ac_tally_keys(const ac_tally *t, uint64_t *keys);

void ac_tally_end(ac_tally *t);

#endif
