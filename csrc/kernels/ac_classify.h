/* ac_classify.h - which of up to 256 ranges does a key lie in? The ranges come from a sample.
 *
 * A radix digit would do for even keys; splitters from a sample do for all: floats in [0, 1) or
 * around 0, clusters, few values. A key that the sample shows often gets an id of its own, so that
 * a crowd of equal keys is one range that needs no more sorting, instead of one range too large for
 * one thread.
 */
#ifndef AC_CLASSIFY_H
#define AC_CLASSIFY_H

#include <stdbool.h>

#include "kernels/ac_dtype.h"
#include "sched/ac_exec.h"

#define AC_CLASSIFY_IDS 256
#define AC_CLASSIFY_SAMPLES 4096 /* 16 for each range: ranges stay within about twice the mean */

typedef struct ac_classifier {
    /* splitters as an implicit search tree, root at 1 */
    AC_ALIGNED_LINE uint64_t tree[AC_CLASSIFY_IDS];
    uint64_t splitter[AC_CLASSIFY_IDS]; /* the same in order, padded with the largest word */
    int levels;                         /* 2^levels - 1 splitters */
    int ids;                            /* ids are 0 .. ids-1, in the order of the keys */
    bool equals;                        /* odd ids hold keys equal to one splitter */
    ac_simd simd;
} ac_classifier;

/* Chooses splitters for about 2^levels ranges (1 <= levels <= 8) from a sample of keys, which is
 * sorted; spare has as many words. */
void ac_classifier_init(ac_classifier *c, ac_simd simd, int levels, uint64_t *sample,
                        uint64_t *spare);

/* id[i] of keys[i]: monotone in the key. */
void ac_classify(const ac_classifier *c, const ac_u64_at *keys, int64_t n, uint8_t *id);

/* True if all keys with this id are equal. */
AC_INLINE bool ac_classifier_is_equal(const ac_classifier *c, int id) {
    return c->equals && (id & 1) != 0;
}

#endif
