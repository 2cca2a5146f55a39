/* ac_sort.c - ac_sort of ac_sort.h: look for order, deal out into ranges, sort each range in
 * cache. */
#include "kernels/ac_sort.h"

#include <string.h>

#include "kernels/ac_order.h"
#include "kernels/ac_partition.h"
#include "kernels/ac_scratch.h"
#include "kernels/ac_sort_u64.h"

/* Below, one thread sorts all at once: 1 ms, of which a second thread could save a third. */
#define ONE_PIECE 131072

typedef struct job {
    ac_partition part;
    ac_simd simd;
    ac_dtype dtype;
    const void *x;
    void *out;
    int64_t n;
    ac_u64_at *keys;   /* n keys: scratch, or out itself */
    ac_scratch *spare; /* one for each worker */
} job;

static int sort_piece(const ac_exec *ex, ac_dtype dtype, const void *x, void *out, int64_t n) {
    uint64_t stack[256];
    const int64_t spare = ac_sort_u64_spare(ex->simd, n);
    const bool in_out = ac_dtype_size(dtype) == 8;
    const size_t words = (size_t)((in_out ? 0 : n) + spare);
    uint64_t *const heap =
        words <= 256 ? stack : ac_scratch_alloc(words * sizeof *heap);
    if (heap == NULL) return AC_EXEC_NOMEM;
    ac_u64_at *const keys = in_out ? (ac_u64_at *)out : (ac_u64_at *)(heap + spare);
    ac_keys_load(ex->simd, dtype, AC_KEYS_EXACT, x, 0, n, keys);
    ac_sort_u64(ex->simd, keys, n, heap, 0);
    ac_keys_store(ex->simd, dtype, keys, n, out, 0);
    if (heap != stack) ac_scratch_free(heap, words * sizeof *heap);
    return 0;
}

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
    switch (ac_dtype_size(j->dtype)) {
    case 1:
        REVERSE(uint8_t);
        break;
    case 2:
        REVERSE(ac_u16_at);
        break;
    case 4:
        REVERSE(ac_u32_at);
        break;
    default:
        REVERSE(ac_u64_at);
    }
    return 0;
}

static int leaf_range(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    job *const j = ctx;
    for (int64_t b = lo; b < hi; b++) {
        const int64_t first = j->part.bound[b], count = j->part.bound[b + 1] - first;
        ac_u64_at *const keys = j->keys + first;
        if (count == 0) continue;
        if (!ac_classifier_is_equal(&j->part.classifier, (int)b)) {
            const int64_t words = ac_sort_u64_spare(j->simd, count);
            uint64_t *const spare = ac_scratch_room(j->spare + worker, (size_t)words * 8);
            if (spare == NULL) return -AC_EXEC_NOMEM;
            ac_sort_u64(j->simd, keys, count, spare, 0);
        }
        ac_keys_store(j->simd, j->dtype, keys, count, j->out, first);
    }
    return 0;
}

static int sort_ranges(job *j, const ac_exec *ex) {
    int rc = ac_partition_plan(&j->part, ex, j->dtype, AC_KEYS_EXACT, j->x, j->n);
    if (rc == 0) rc = ac_partition_deal(&j->part, ex, j->keys, NULL, false);
    const size_t bytes = (size_t)ex->threads * sizeof *j->spare;
    j->spare = rc == 0 ? ac_scratch_alloc_zeroed(bytes) : NULL;
    if (rc == 0 && j->spare == NULL) rc = AC_EXEC_NOMEM;
    if (rc == 0) {
        rc = ac_exec_for(ex, leaf_range, j, j->part.classifier.ids, 1);
        for (int32_t w = 0; w < ex->threads; w++)
            ac_scratch_free(j->spare[w].data, j->spare[w].bytes);
    }
    ac_scratch_free(j->spare, bytes);
    ac_partition_end(&j->part);
    return rc > 0 ? -rc : rc; /* a range function can only return what is > 0 */
}

int ac_sort(const ac_exec *ex, ac_dtype dtype, const void *x, void *out, int64_t n) {
    if (n <= 0) return 0;
    if (n <= ONE_PIECE) return sort_piece(ex, dtype, x, out, n);
    ac_order order;
    int rc = ac_order_of(ex, dtype, AC_KEYS_EXACT, x, n, &order);
    if (rc != 0) return rc;

    job j = {.simd = ex->simd, .dtype = dtype, .x = x, .out = out, .n = n};
    if (order == AC_ORDER_UP) return x == out ? 0 : ac_exec_for(ex, copy_range, &j, n, 131072);
    if (order == AC_ORDER_DOWN) return ac_exec_for(ex, reverse_range, &j, (n + 1) / 2, 65536);

    const bool in_out = x != out && ac_dtype_size(dtype) == 8;
    const size_t bytes = ac_scratch_product((size_t)n, 8);
    j.keys = in_out ? (ac_u64_at *)out : ac_scratch_alloc(bytes);
    if (j.keys == NULL) return AC_EXEC_NOMEM;
    rc = sort_ranges(&j, ex);
    if (!in_out) ac_scratch_free(j.keys, bytes);
    return rc;
}
