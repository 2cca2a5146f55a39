/* ac_partition.h - deals numbers out into ranges of keys, in parallel, keeping their order.
 *
 * The first half of sort and argsort. Afterwards the keys of range b lie together, in the order in
 * which their numbers stood in x, at [bound[b], bound[b + 1]); what is left is to sort each range.
 *
 *     ac_partition p;
 *     rc = ac_partition_plan(&p, ex, dtype, form, x, n, 16384); // reads x
 *     if (rc == 0) rc = ac_partition_deal(&p, ex, keys, index); // reads x again
 *     ...
 *     ac_partition_end(&p);                                    // after either result
 *
 * Scratch: one byte for each number, and 2 KB for each chunk of AC_PARTITION_CHUNK.
 * The ids are kept from the first reading, so that numbers which another thread changes meanwhile
 * end up in some order, and never outside the buffers.
 */
#ifndef AC_PARTITION_H
#define AC_PARTITION_H

#include "kernels/ac_classify.h"
#include "kernels/ac_keys.h"

#define AC_PARTITION_CHUNK 65536 /* 0.2 to 0.4 ms of work */

typedef struct ac_partition {
    ac_classifier classifier;
    ac_simd simd;
    ac_dtype dtype;
    ac_keys_form form;
    const void *x;
    int64_t n;
    int64_t chunks;
    uint8_t *id;                        /* n; written by plan */
    int64_t *at;                        /* chunks * AC_CLASSIFY_IDS: counts, then first places */
    int64_t bound[AC_CLASSIFY_IDS + 1]; /* where each range starts */
    void *keys_out, *index_out;         /* for the time of deal */
    bool wide, short_keys;
} ac_partition;

/* The keys of `count` numbers at places that depend on n alone, n >= 1. */
void ac_partition_sample(ac_simd simd, ac_dtype dtype, ac_keys_form form, const void *x, int64_t n,
                         int64_t count, uint64_t *sample);

/* n >= 1. `wanted`: how many keys a range should have, where 256 ranges are enough for that; fewer if
 * each thread would get less than four ranges. Returns 0, AC_STOPPED_BY_POLL or AC_EXEC_NOMEM. */
int ac_partition_plan(ac_partition *p, const ac_exec *ex, ac_dtype dtype, ac_keys_form form,
                      const void *x, int64_t n, int64_t wanted);

/* Keys of `size` bytes in a range that is then sorted by ac_sort_u32 or ac_sort_u64: quicksort goes
 * on dividing as fast as a partition does, so it gets half of a second-level cache; radix sort has
 * to fit well into it with its other buffer. */
AC_INLINE int64_t ac_partition_wanted(ac_simd simd, int64_t size) {
    return simd == AC_SIMD_AVX512 ? ((int64_t)1 << 20) / size : 16384;
}

/* Writes the keys to keys[0..n) and, unless NULL, where each number stood in x to index[0..n), of 4
 * bytes each or of 8 if wide. Neither may overlap x. Returns 0 or AC_STOPPED_BY_POLL. */
int ac_partition_deal(ac_partition *p, const ac_exec *ex, ac_u64_at *keys, void *index, bool wide);

/* The same with keys of 32 bits and no index, for dtypes of 4 bytes and less. */
int ac_partition_deal_short(ac_partition *p, const ac_exec *ex, ac_u32_at *keys);

void ac_partition_end(ac_partition *p);

#endif
