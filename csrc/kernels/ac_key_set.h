/* ac_key_set.h - sets of 64-bit keys that several threads fill and look up: ac_isin's.
 *
 * The keys are dealt out to parts by their hash. One thread fills a part, so that filling needs no
 * atomics: each takes those of all keys that belong to its part. A part is a hash table of buckets of
 * eight, as long as a cache line, and grows by itself.
 */
#ifndef AC_KEY_SET_H
#define AC_KEY_SET_H

#include <stdbool.h>

#include "kernels/ac_scratch.h"

#define AC_KEY_SET_WAYS 8
#define AC_KEY_SET_MAX_PARTS 16
#define AC_KEY_SET_BLOCK 128 /* keys that ac_key_set_find and ac_key_set_add take at the most */

typedef struct ac_key_set_part {
    /* AC_KEY_SET_WAYS << bits, 0 where empty; each bucket filled from the front. A line of its own: what
     * stands before is read, and the next one written, by other threads. */
    AC_ALIGNED_LINE uint64_t *place;
    int bits;
    bool zero;       /* whether the key 0 is in it */
    int64_t used;    /* places that are not empty */
    int64_t seen;    /* keys it was given so far, the same ones counted again */
} ac_key_set_part;

typedef struct ac_key_set {
    ac_simd simd;
    int part_bits;
    const ac_sched_api *api; /* lends the room; may be NULL */
    ac_scratch room;   /* for a large table of each part; data NULL without one */
    size_t room_part;  /* its bytes for each part */
    const uint64_t *base; /* of one row of buckets that all parts are; NULL if they are not, or not yet */
    int row_bits;      /* then how many buckets it has */
    uint64_t seed; /* of the hash, so that nobody can prepare keys that collide */
    int64_t total; /* keys it will be given: tables grow towards it */
    ac_key_set_part part[AC_KEY_SET_MAX_PARTS];
} ac_key_set;

/* Makes it empty, for `total` keys, to be filled and looked up by ex. */
void ac_key_set_init(ac_key_set *s, const ac_exec *ex, int64_t total);

AC_INLINE int ac_key_set_parts(const ac_key_set *s) { return 1 << s->part_bits; }

/* Adds those of n keys that belong to a part, n <= AC_KEY_SET_BLOCK. Returns false if there is no
 * memory. Different parts may be filled at the same time. */
bool ac_key_set_add(ac_key_set *s, int part, const uint64_t *keys, int64_t n);

/* To be called once it is full, before keys are looked up. */
void ac_key_set_seal(ac_key_set *s);

/* out[i] = whether keys[i] is in it, n <= AC_KEY_SET_BLOCK, or the opposite. Nobody may fill it. */
void ac_key_set_find(const ac_key_set *s, const uint64_t *keys, int64_t n, bool invert,
                     uint8_t *out);

void ac_key_set_end(ac_key_set *s);

#endif
