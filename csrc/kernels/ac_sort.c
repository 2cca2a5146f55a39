/* ac_sort.c - ac_sort of ac_sort.h: look for order, deal out into ranges, sort each range in
 * cache. Numbers of 8 and 16 bits are counted instead, and written out again. */
#include "kernels/ac_sort.h"

#include <string.h>

#include "kernels/ac_census.h"
#include "kernels/ac_order.h"
#include "kernels/ac_partition.h"
#include "kernels/ac_scratch.h"
#include "kernels/ac_sort_words.h"

/* Below, one thread sorts all at once: 1 ms, of which a second thread could save a third. */
#define ONE_PIECE 131072
/* One thread alone sorts in one piece what quicksort does in some 60 ms, so that Ctrl-C acts. */
#define ALONE_BYTES ((int64_t)48 << 20)
/* Fewer numbers of 8 or 16 bits are sorted as words: the tables cost more. */
#define CENSUS_8 256
#define CENSUS_16 32768

typedef struct job {
    ac_partition part;
    ac_simd simd;
    ac_dtype dtype;
    const void *x;
    void *out;
    int64_t n;
    bool short_keys;   /* of 32 bits, else of 64 */
    char *keys;        /* n keys: scratch, or out itself */
    uint64_t *before;  /* of a census: how many numbers are less than each */
    ac_scratch *spare; /* one for each worker */
} job;

static int64_t spare_bytes(ac_simd simd, bool short_keys, int64_t n) {
    return ac_sort_words_spare(simd, n) * (short_keys ? 4 : 8);
}

/* Sorts keys and makes numbers of them, out[first..first + n); in place where keys are there already. */
static void sort_keys(ac_simd simd, ac_dtype dtype, bool short_keys, void *keys, int64_t n,
                      void *spare, void *out, int64_t first) {
    const bool in_place = (char *)out + (size_t)first * ac_dtype_size(dtype) == (char *)keys;
    if (short_keys && in_place) {
        ac_sort_keys_32(simd, dtype, keys, n, spare);
    } else if (short_keys) {
        ac_sort_u32(simd, keys, n, spare, 0);
        ac_keys_store32(simd, dtype, keys, n, out, first);
    } else if (in_place) {
        ac_sort_keys_64(simd, dtype, keys, n, spare);
    } else {
        ac_sort_u64(simd, keys, n, spare, 0);
        ac_keys_store(simd, dtype, keys, n, out, first);
    }
}

static int sort_piece(const ac_exec *ex, ac_dtype dtype, const void *x, void *out, int64_t n) {
    uint64_t stack[256];
    if (x != out && ac_sort_numbers(ex->simd, dtype, x, out, n)) return 0;
    const int64_t size = (int64_t)ac_dtype_size(dtype), key_size = size == 8 ? 8 : 4;
    const int64_t spare = spare_bytes(ex->simd, key_size == 4, n);
    const size_t bytes = (size_t)(spare + (size == key_size ? 0 : n * key_size));
    void *const heap = bytes <= sizeof stack ? stack : ac_scratch_alloc(bytes);
    if (heap == NULL) return AC_EXEC_NOMEM;
    void *const keys = size == key_size ? out : (char *)heap + spare;
    if (key_size == 4) {
        ac_keys_load32(ex->simd, dtype, x, 0, n, keys);
    } else {
        ac_keys_load(ex->simd, dtype, AC_KEYS_EXACT, x, 0, n, keys);
    }
    sort_keys(ex->simd, dtype, key_size == 4, keys, n, heap, out, 0);
    if (heap != stack) ac_scratch_free(heap, bytes);
    return 0;
}

/* ---- by census ------------------------------------------------------------------------------- */

/* Writes out[lo..hi) from the census alone. */
static int write_range(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    const job *const j = ctx;
    const uint32_t size = (uint32_t)ac_census_size(j->dtype);
    const uint32_t flip = j->dtype == AC_I8 || j->dtype == AC_I16 ? size / 2 : 0;
    uint32_t key = 0; /* the last one with before[key] <= lo */
    for (uint32_t step = size / 2; step > 0; step /= 2)
        if (j->before[key + step] <= (uint64_t)lo) key += step;
    (void)worker;
    for (int64_t at = lo; at < hi; key++) {
        const uint64_t next = key + 1 < size ? j->before[key + 1] : (uint64_t)j->n;
        const int64_t end = next < (uint64_t)hi ? (int64_t)next : hi;
        if (size == 256) {
            memset((uint8_t *)j->out + at, (int)(key ^ flip), (size_t)(end - at));
        } else {
            ac_u16_at *const out = j->out;
            for (int64_t i = at; i < end; i++) out[i] = (uint16_t)(key ^ flip);
        }
        at = end;
    }
    return 0;
}

static int sort_by_census(job *j, const ac_exec *ex) {
    const int64_t size = ac_census_size(j->dtype);
    j->before = ac_scratch_alloc((size_t)size * sizeof *j->before);
    if (j->before == NULL) return AC_EXEC_NOMEM;
    int rc = ac_census(ex, j->dtype, j->x, j->n, j->before);
    if (rc == 0) {
        uint64_t sum = 0;
        for (int64_t v = 0; v < size; v++) {
            const uint64_t count = j->before[v];
            j->before[v] = sum;
            sum += count;
        }
        rc = ac_exec_for(ex, write_range, j, j->n, 262144);
    }
    ac_scratch_free(j->before, (size_t)size * sizeof *j->before);
    return rc;
}

/* ---- by ranges ------------------------------------------------------------------------------- */

static int copy_range(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    const job *const j = ctx;
    const size_t size = ac_dtype_size(j->dtype);
    (void)worker;
    memcpy((char *)j->out + (size_t)lo * size, (const char *)j->x + (size_t)lo * size,
           (size_t)(hi - lo) * size);
    return 0;
}

#define REVERSE(T)                                                                          \
    do {                                                                                    \
        const T *const from = j->x;                                                         \
        T *const to = j->out;                                                               \
        for (int64_t i = lo; i < hi; i++) {                                                 \
            const T low = from[i], high = from[j->n - 1 - i];                               \
            to[i] = high;                                                                   \
            to[j->n - 1 - i] = low;                                                         \
        }                                                                                   \
    } while (0)

/* Over the first half, the middle included; also in place. */
static int reverse_range(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    const job *const j = ctx;
    (void)worker;
    if (j->short_keys) {
        REVERSE(ac_u32_at);
    } else {
        REVERSE(ac_u64_at);
    }
    return 0;
}

static int leaf_range(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    job *const j = ctx;
    for (int64_t b = lo; b < hi; b++) {
        const int64_t first = j->part.bound[b], count = j->part.bound[b + 1] - first;
        void *const keys = j->keys + first * (j->short_keys ? 4 : 8);
        if (count == 0) continue;
        if (!ac_classifier_is_equal(&j->part.classifier, (int)b)) {
            const int64_t bytes = spare_bytes(j->simd, j->short_keys, count);
            void *const spare = ac_scratch_room(j->spare + worker, (size_t)bytes);
            if (spare == NULL) return -AC_EXEC_NOMEM;
            sort_keys(j->simd, j->dtype, j->short_keys, keys, count, spare, j->out, first);
        } else if (j->short_keys) {
            ac_keys_store32(j->simd, j->dtype, keys, count, j->out, first);
        } else {
            ac_keys_store(j->simd, j->dtype, keys, count, j->out, first);
        }
    }
    return 0;
}

static int sort_ranges(job *j, const ac_exec *ex) {
    int rc = ac_partition_plan(&j->part, ex, j->dtype, AC_KEYS_EXACT, j->x, j->n,
                               ac_partition_wanted(ex->simd, j->short_keys ? 4 : 8));
    if (rc == 0)
        rc = j->short_keys ? ac_partition_deal_short(&j->part, ex, (ac_u32_at *)(void *)j->keys)
                           : ac_partition_deal(&j->part, ex, (ac_u64_at *)(void *)j->keys, NULL,
                                               false);
    if (rc == 0) rc = ac_scratch_for(ex, leaf_range, j, j->part.classifier.ids, &j->spare);
    ac_partition_end(&j->part);
    return rc;
}

int ac_sort(const ac_exec *ex, ac_dtype dtype, const void *x, void *out, int64_t n) {
    const size_t size = ac_dtype_size(dtype);
    if (n <= 0) return 0;
    if (n <= (size == 1 ? CENSUS_8 : size == 2 ? CENSUS_16 : ONE_PIECE))
        return sort_piece(ex, dtype, x, out, n);
    job j = {.simd = ex->simd, .dtype = dtype, .x = x, .out = out, .n = n, .short_keys = size <= 4};
    if (size <= 2) return sort_by_census(&j, ex);

    ac_order order;
    int rc = ac_order_of(ex, dtype, AC_KEYS_EXACT, x, n, &order);
    if (rc != 0) return rc;
    if (order == AC_ORDER_UP) return x == out ? 0 : ac_exec_for(ex, copy_range, &j, n, 131072);
    if (order == AC_ORDER_DOWN) return ac_exec_for(ex, reverse_range, &j, (n + 1) / 2, 65536);

    if (ex->threads == 1 && spare_bytes(ex->simd, j.short_keys, n) == 0 &&
        n <= ALONE_BYTES / (int64_t)size)
        return sort_piece(ex, dtype, x, out, n);

    const size_t bytes = ac_scratch_product((size_t)n, size);
    j.keys = x != out ? out : ac_scratch_alloc(bytes);
    if (j.keys == NULL) return AC_EXEC_NOMEM;
    rc = sort_ranges(&j, ex);
    if (x == out) ac_scratch_free(j.keys, bytes);
    return rc;
}
