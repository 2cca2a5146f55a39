/* ac_argsort.c - ac_argsort of ac_sort.h: deals keys and indices out into ranges, then sorts words.
 *
 * A range of m keys becomes m words: the high bits are those of (key - least key), the low bits say
 * where in the range it stands. Words differ, so any sort of them is stable, and a sort of words is
 * many times faster than one of pairs. Where a range is so wide that low bits of keys had to be
 * cut off, words with equal high bits are looked at again with the bits that were cut: those fit.
 */
#include <stdbool.h>

#include "kernels/ac_order.h"
#include "kernels/ac_partition.h"
#include "kernels/ac_scratch.h"
#include "kernels/ac_sort.h"
#include "kernels/ac_sort_words.h"

#define RANGE_WANTED 16384 /* keys in a range: with words and indices 0.5 MB, and few bits cut off */
#define ONE_PIECE 65536    /* up to it, one thread does it: 1 ms. No more, see argsort_short */

typedef struct job {
    ac_partition part;
    ac_simd simd;
    void *index; /* where each key stood in x */
    bool wide;   /* 8 bytes each, else 4 */
    ac_i64_at *out;
    ac_scratch *spare; /* one for each worker */
} job;

static int bit_width(uint64_t v) { return v == 0 ? 0 : 64 - __builtin_clzll(v); }

/* words[lo..hi) have the same high bits: orders them by the whole keys. */
static void settle_run(ac_simd simd, const ac_u64_at *keys, uint64_t *words, int64_t count,
                       uint64_t *spare, int places) {
    const uint64_t mask = ((uint64_t)1 << places) - 1;
    uint64_t least = keys[words[0] & mask], differ = 0;
    for (int64_t i = 1; i < count; i++) {
        const uint64_t key = keys[words[i] & mask];
        differ |= key ^ least;
        least = key < least ? key : least;
    }
    if (differ == 0) return;
    for (int64_t i = 0; i < count; i++) {
        const uint64_t place = words[i] & mask;
        words[i] = ((keys[place] - least) << places) | place;
    }
    ac_sort_u64(simd, (ac_u64_at *)words, count, spare, 0);
}

static void settle_runs(ac_simd simd, const ac_u64_at *keys, uint64_t *words, int64_t m,
                        uint64_t *spare, int places) {
    for (int64_t lo = 0; lo < m;) {
        int64_t hi = lo + 1;
        while (hi < m && words[hi] >> places == words[lo] >> places) hi++;
        if (hi - lo > 1) settle_run(simd, keys, words + lo, hi - lo, spare, places);
        lo = hi;
    }
}

/* Makes the words of keys[0..m), m >= 1. `places` low bits say where; `cut` bits of keys are
 * lost. */
AC_INLINE void pack_body(const ac_u64_at *keys, int64_t m, uint64_t *AC_RESTRICT words, int places,
                         int *cut, bool *all_equal) {
    uint64_t least = keys[0], most = keys[0];
    for (int64_t i = 1; i < m; i++) {
        least = keys[i] < least ? keys[i] : least;
        most = keys[i] > most ? keys[i] : most;
    }
    const int width = bit_width(most - least), lost = width + places > 64 ? width + places - 64 : 0;
    for (int64_t i = 0; i < m; i++)
        words[i] = ((keys[i] - least) >> lost << places) | (uint64_t)i;
    *cut = lost;
    *all_equal = most == least;
}

static void pack_portable(const ac_u64_at *keys, int64_t m, uint64_t *words, int places, int *cut,
                          bool *all_equal) {
    pack_body(keys, m, words, places, cut, all_equal);
}

#if defined(__x86_64__)
__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,prefer-vector-width=512"))) static void
pack_avx512(const ac_u64_at *keys, int64_t m, uint64_t *words, int places, int *cut,
            bool *all_equal) {
    pack_body(keys, m, words, places, cut, all_equal);
}
#endif

/* Sorts words so that their low bits (`*mask`) are the places of keys[0..m) in order. m >= 1. */
static void sort_places(ac_simd simd, const ac_u64_at *keys, int64_t m, uint64_t *words,
                        uint64_t *spare, uint64_t *mask) {
    const int places = bit_width((uint64_t)m - 1);
    int cut;
    bool all_equal;
    *mask = ((uint64_t)1 << places) - 1;
#if defined(__x86_64__)
    if (simd == AC_SIMD_AVX512) {
        pack_avx512(keys, m, words, places, &cut, &all_equal);
    } else
#endif
    {
        pack_portable(keys, m, words, places, &cut, &all_equal);
    }
    if (all_equal) return;
    ac_sort_u64(simd, (ac_u64_at *)words, m, spare, places);
    if (cut > 0) settle_runs(simd, keys, words, m, spare, places);
}

/* Numbers of 8 and 16 bits: key and place fit into 32 bits. n <= 65536. */
static int argsort_short(const ac_exec *ex, ac_dtype dtype, const void *x, ac_i64_at *out,
                         int64_t n) {
    uint32_t stack[512];
    const int64_t total = n + ac_sort_words_spare(ex->simd, n);
    uint32_t *const words =
        total <= 512 ? stack : ac_scratch_alloc((size_t)total * sizeof *words);
    if (words == NULL) return AC_EXEC_NOMEM;
    ac_keys_load32(ex->simd, dtype, x, 0, n, (ac_u32_at *)words);
    for (int64_t i = 0; i < n; i++) words[i] = words[i] << 16 | (uint32_t)i;
    ac_sort_u32(ex->simd, (ac_u32_at *)words, n, words + n, 0);
    for (int64_t i = 0; i < n; i++) out[i] = words[i] & 0xFFFF;
    if (words != stack) ac_scratch_free(words, (size_t)total * sizeof *words);
    return 0;
}

static int argsort_piece(const ac_exec *ex, ac_dtype dtype, const void *x, ac_i64_at *out,
                         int64_t n) {
    if (ac_dtype_size(dtype) <= 2) return argsort_short(ex, dtype, x, out, n);
    uint64_t stack[512];
    const int64_t total = n + ac_sort_words_spare(ex->simd, n);
    uint64_t *const words =
        total <= 512 ? stack : ac_scratch_alloc((size_t)total * sizeof *words);
    uint64_t mask;
    if (words == NULL) return AC_EXEC_NOMEM;
    ac_keys_load(ex->simd, dtype, AC_KEYS_TIES, x, 0, n, (ac_u64_at *)out);
    sort_places(ex->simd, (const ac_u64_at *)out, n, words, words + n, &mask);
    for (int64_t i = 0; i < n; i++) out[i] = (int64_t)(words[i] & mask);
    if (words != stack) ac_scratch_free(words, (size_t)total * sizeof *words);
    return 0;
}

/* out holds the keys of all ranges; each range's are replaced by its result. */
static int leaf_range(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    job *const j = ctx;
    for (int64_t b = lo; b < hi; b++) {
        const int64_t first = j->part.bound[b], m = j->part.bound[b + 1] - first;
        ac_i64_at *const out = j->out + first;
        const uint32_t *const narrow = (const uint32_t *)j->index + first;
        const uint64_t *const wide = (const uint64_t *)j->index + first;
        if (m == 0) continue;
        if (ac_classifier_is_equal(&j->part.classifier, (int)b)) {
            for (int64_t i = 0; i < m; i++) out[i] = (int64_t)(j->wide ? wide[i] : narrow[i]);
            continue;
        }
        const int64_t total = m + ac_sort_words_spare(j->simd, m);
        uint64_t *const words = ac_scratch_room(j->spare + worker, (size_t)total * 8);
        uint64_t mask;
        if (words == NULL) return -AC_EXEC_NOMEM;
        sort_places(j->simd, (const ac_u64_at *)out, m, words, words + m, &mask);
        if (j->wide) {
            for (int64_t i = 0; i < m; i++) out[i] = (int64_t)wide[words[i] & mask];
        } else {
            for (int64_t i = 0; i < m; i++) out[i] = (int64_t)narrow[words[i] & mask];
        }
    }
    return 0;
}

static int write_order(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    const job *const j = ctx;
    (void)worker;
    for (int64_t i = lo; i < hi; i++) j->out[i] = i;
    return 0;
}

static int write_reverse(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    const job *const j = ctx;
    (void)worker;
    for (int64_t i = lo; i < hi; i++) j->out[i] = j->part.n - 1 - i;
    return 0;
}

static int argsort_ranges(job *j, const ac_exec *ex, ac_dtype dtype, const void *x, int64_t n) {
    int rc = ac_partition_plan(&j->part, ex, dtype, AC_KEYS_TIES, x, n, RANGE_WANTED);
    if (rc == 0)
        rc = ac_partition_deal(&j->part, ex, (ac_u64_at *)j->out, j->index, j->wide);
    if (rc == 0) rc = ac_scratch_for(ex, leaf_range, j, j->part.classifier.ids, &j->spare);
    ac_partition_end(&j->part);
    return rc;
}

static int argsort_any(const ac_exec *ex, ac_dtype dtype, const void *x, ac_i64_at *out, int64_t n,
                       bool wide) {
    ac_order order;
    int rc = ac_order_of(ex, dtype, AC_KEYS_TIES, x, n, &order);
    if (rc != 0) return rc;
    job j = {.simd = ex->simd, .out = out, .wide = wide, .part = {.n = n}};
    if (order == AC_ORDER_UP) return ac_exec_for(ex, write_order, &j, n, 131072);
    if (order == AC_ORDER_DOWN) return ac_exec_for(ex, write_reverse, &j, n, 131072);
    const size_t bytes = ac_scratch_product((size_t)n, wide ? 8 : 4);
    j.index = ac_scratch_alloc(bytes);
    if (j.index == NULL) return AC_EXEC_NOMEM;
    rc = argsort_ranges(&j, ex, dtype, x, n);
    ac_scratch_free(j.index, bytes);
    return rc;
}

int ac_argsort(const ac_exec *ex, ac_dtype dtype, const void *x, ac_i64_at *out, int64_t n) {
    if (n <= 0) return 0;
    if (n <= ONE_PIECE) return argsort_piece(ex, dtype, x, out, n);
    return argsort_any(ex, dtype, x, out, n, n > (int64_t)UINT32_MAX);
}

int ac_argsort_wide_(const ac_exec *ex, ac_dtype dtype, const void *x, ac_i64_at *out, int64_t n) {
    return n <= 0 ? 0 : argsort_any(ex, dtype, x, out, n, true);
}
