/* ac_words_front.h - the small table in which one worker counts, and where it puts what overflows.
 *
 * Words are like water: few of them are most of the text. The front is a table that fits the
 * second-level cache, in sets of two slots (one cache line). It catches the frequent words; a word
 * that finds its set full pushes another out, which is appended to one of 64 lists by the highest
 * bits of its hash. Later each list is counted into a table that fits the cache as well (this is
 * how databases group: Leis et al., Morsel-driven parallelism, 2014). So no table is larger than
 * the cache while it is used at random, and the lists of all workers can be counted in parallel
 * without a merge: words with the same high bits meet in one place.
 *
 * A list that grows past AC_FRONT_LIST records is counted into a table at once: that bounds memory.
 */
#ifndef AC_WORDS_FRONT_H
#define AC_WORDS_FRONT_H

#include "kernels/ac_words_table.h"

#define AC_FRONT_PART_BITS 6
#define AC_FRONT_PARTS (1 << AC_FRONT_PART_BITS)
#define AC_FRONT_MAX_SETS 16384 /* 1 MB, of the 2 of a core: half cost 4 % more, twice gain nothing */
#define AC_FRONT_MIN_SETS AC_FRONT_PARTS
#define AC_FRONT_LIST 16384

/* Slots that were pushed out. Long words still stand in the text. */
typedef struct ac_front_block {
    struct ac_front_block *next;
    int64_t used;
    ac_word_slot slot[127];
    char unused[16]; /* a block is 4 KB */
} ac_front_block;

typedef struct ac_front_part {
    ac_front_block *blocks; /* newest first, all but the first one full */
    int64_t listed;         /* records in them */
    int64_t standing;       /* words in the front's own slots */
    uint64_t long_bytes;    /* of the long words among both, */
    uint64_t long_listed;   /* and of those in the list */
    ac_words_table table; /* lists that were counted before the end */
} ac_front_part;

typedef struct ac_words_front {
    ac_word_slot *slots; /* two for each set; the first is not free if the second is not */
    ac_scratch room;     /* where they stand */
    uint64_t sets;       /* a power of two, 2^(64 - shift) */
    int shift;           /* from a hash to its set */
    uint64_t seed;
    const ac_sched_api *api; /* lends the pool's memory; may be NULL */
    ac_front_block *spare; /* blocks to use again */
    ac_scratch *pool;      /* where blocks come from */
    int64_t pools, pool_room;
    ac_front_part part[AC_FRONT_PARTS];
} ac_words_front;

/* For about `bytes` of text. False if there is no memory. Zero-initialised, and after
 * ac_words_front_free, a front is empty: nothing may be added, and freeing it does nothing. */
bool ac_words_front_init(ac_words_front *f, const ac_sched_api *api, int64_t bytes, uint64_t seed);
void ac_words_front_free(ac_words_front *f);

/* The set of a hash; prefetch it some words ahead. */
AC_INLINE ac_word_slot *ac_words_front_set(const ac_words_front *f, uint64_t hash) {
    return f->slots + 2 * (hash >> f->shift);
}

/* ac_words_front_add for a word that is not one of the set's two short ones. */
bool ac_words_front_add_other_(ac_words_front *f, ac_word_slot *set, const ac_word_slot *word);

/* 0 if both slots hold the same word. Not 0 for a long one that stands in the text a second time. */
AC_INLINE uint64_t ac_words_front_differ_(const ac_word_slot *a, const ac_word_slot *b) {
    return (a->word[0] ^ b->word[0]) | (a->word[1] ^ b->word[1]) | (a->word[2] ^ b->word[2]) |
           (uint8_t)(a->head ^ b->head);
}

/* Adds the count of *word, whose set is given. False if there is no memory. One branch for both
 * slots of the set: which of them it is nobody can foresee. */
AC_INLINE bool ac_words_front_add(ac_words_front *f, ac_word_slot *set, const ac_word_slot *word) {
    const uint64_t first = ac_words_front_differ_(&set[0], word);
    const uint64_t second = ac_words_front_differ_(&set[1], word);
    if (AC_UNLIKELY(first != 0 && second != 0)) return ac_words_front_add_other_(f, set, word);
    set[first != 0].head += word->head & ~UINT64_C(255);
    return true;
}

/* At most how many different words have this part. */
int64_t ac_words_front_records(const ac_words_front *f, int part);

/* How many bytes the long ones of them have that do not stand in a table yet. */
AC_INLINE uint64_t ac_words_front_long_bytes(const ac_words_front *f, int part) {
    return f->part[part].long_bytes;
}

/* Counts everything of one part into a table whose hashes begin with `skip` bits of the part (0 or
 * AC_FRONT_PART_BITS); the part is empty then. Different parts may be collected by different
 * threads at the same time. False if there is no memory. */
bool ac_words_front_collect(ac_words_front *f, int part, ac_words_table *to, int skip);

#endif
