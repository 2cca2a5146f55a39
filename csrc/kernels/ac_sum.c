/* ac_sum.c - see ac_sum.h. Written once as plain loops over lanes; each instruction set is the
 * same body compiled for it, so that the order of additions cannot differ between them. Pairwise
 * summation: Higham, The accuracy of floating point summation, 1993. */
#include "kernels/ac_sum.h"

#include <stdbool.h>
#include <string.h>

#include "kernels/ac_lanes_neon.h"
#include "kernels/ac_scratch.h"
#include "kernels/ac_simd_paths.h"

#define LANES AC_SUM_LANES
#define LEAF AC_SUM_LEAF
#define CHUNK_LEAVES 64 /* 1 MiB of float64: 50 to 100 us of memory bandwidth */
#define CHUNK ((int64_t)LEAF * CHUNK_LEAVES)

_Static_assert((CHUNK_LEAVES & (CHUNK_LEAVES - 1)) == 0, "a chunk is a whole subtree of leaves");

/* -0.0 is the true neutral element of addition: 0.0 would turn a sum of -0.0 into 0.0. */
#define NEUTRAL (-0.0)

/* Whole rows by hand, or none of them. */
#if AC_NEON
#define ROWS(NAME, x, count, lane) (neon ? ac_neon_sum_##NAME((x), (count), (lane)) : 0)
#else
#define ROWS(NAME, x, count, lane) 0
#endif

/* One leaf of floats: `count` <= LEAF elements. The inner loops over lanes become vectors. */
#define SUM_LEAF(NAME, x, count, result)                                                    \
    do {                                                                                    \
        double lane[LANES];                                                                 \
        for (int j = 0; j < LANES; j++) lane[j] = NEUTRAL;                                  \
        int64_t i = ROWS(NAME, x, count, lane);                                             \
        for (; i + LANES <= (count); i += LANES)                                            \
            for (int j = 0; j < LANES; j++) lane[j] += (double)(x)[i + j];                  \
        for (int j = 0; i + j < (count); j++) lane[j] += (double)(x)[i + j];                \
        for (int half = LANES / 2; half > 0; half /= 2)                                     \
            for (int j = 0; j < half; j++) lane[j] += lane[j + half];                       \
        (result) = lane[0];                                                                 \
    } while (0)

/* The tree over `count` values: the left part is the largest power of two below count. */
static double add_tree(const double *v, int64_t count) {
    if (count == 1) return v[0];
    int64_t left = 1;
    while (left * 2 < count) left *= 2;
    return add_tree(v, left) + add_tree(v + left, count - left);
}

/* Integers wrap: unsigned addition, widened with the sign where there is one. */
#define SUM_INT(T, x, count, total)                                                         \
    do {                                                                                    \
        const T *const p = (const T *)(x);                                                  \
        uint64_t acc = 0;                                                                   \
        for (int64_t i = 0; i < (count); i++) acc += (uint64_t)(int64_t)p[i];               \
        (total) = acc;                                                                      \
    } while (0)

/* Narrow integers: 32-bit lanes hold 2^15 additions of 16 bits, so the compiler can use twice as
 * wide vectors as with 64-bit ones. */
#define SUM_NARROW(T, W, x, count, total)                                                   \
    do {                                                                                    \
        const T *const p = (const T *)(x);                                                  \
        uint64_t acc = 0;                                                                   \
        for (int64_t i = 0; i < (count);) {                                                 \
            const int64_t end = (count) - i > 16384 ? i + 16384 : (count);                  \
            W part = 0;                                                                     \
            for (; i < end; i++) part += (W)p[i];                                           \
            acc += (uint64_t)(int64_t)part;                                                 \
        }                                                                                   \
        (total) = acc;                                                                      \
    } while (0)

typedef union part {
    uint64_t u64;
    double f64;
} part;

AC_INLINE part sum_chunk_with(bool neon, ac_dtype dtype, const void *x, int64_t lo, int64_t count) {
    part r = {0};
    (void)neon;
    const char *const base = (const char *)x + lo * (int64_t)ac_dtype_size(dtype);
    switch (dtype) {
    case AC_I8:
        SUM_NARROW(int8_t, int32_t, base, count, r.u64);
        break;
    case AC_U8:
        SUM_NARROW(uint8_t, uint32_t, base, count, r.u64);
        break;
    case AC_I16:
        SUM_NARROW(ac_i16_at, int32_t, base, count, r.u64);
        break;
    case AC_U16:
        SUM_NARROW(ac_u16_at, uint32_t, base, count, r.u64);
        break;
    case AC_I32:
        SUM_INT(ac_i32_at, base, count, r.u64);
        break;
    case AC_U32:
        SUM_INT(ac_u32_at, base, count, r.u64);
        break;
    case AC_I64:
    case AC_U64:
        SUM_INT(ac_u64_at, base, count, r.u64);
        break;
    case AC_F32:
    case AC_F64: {
        double leaves[CHUNK_LEAVES];
        int64_t k = 0;
        for (int64_t at = 0; at < count; at += LEAF, k++) {
            const int64_t some = count - at > LEAF ? LEAF : count - at;
            if (dtype == AC_F32) {
                const ac_f32_at *const p = (const ac_f32_at *)base + at;
                SUM_LEAF(f32, p, some, leaves[k]);
            } else {
                const ac_f64_at *const p = (const ac_f64_at *)base + at;
                SUM_LEAF(f64, p, some, leaves[k]);
            }
        }
        r.f64 = add_tree(leaves, k);
        break;
    }
    }
    return r;
}

AC_INLINE part sum_chunk_body(ac_dtype dtype, const void *x, int64_t lo, int64_t count) {
    return sum_chunk_with(false, dtype, x, lo, count);
}

#if AC_NEON
AC_INLINE part sum_chunk_neon_body(ac_dtype dtype, const void *x, int64_t lo, int64_t count) {
    return sum_chunk_with(true, dtype, x, lo, count);
}
#endif

AC_SIMD_PATHS_AND_NEON(part, sum_chunk,
                       (ac_dtype dtype, const void *x, int64_t lo, int64_t count),
                       (dtype, x, lo, count))

typedef struct job {
    ac_dtype dtype;
    const void *x;
    sum_chunk_fn fn;
    part *parts; /* one for each chunk, written by whoever does it */
} job;

static int sum_range(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    const job *const j = ctx;
    (void)worker;
    for (int64_t at = lo; at < hi; at += CHUNK)
        j->parts[at / CHUNK] = j->fn(j->dtype, j->x, at, hi - at > CHUNK ? CHUNK : hi - at);
    return 0;
}

int ac_sum(const ac_exec *ex, ac_dtype dtype, const void *x, int64_t n, ac_number *total) {
    const sum_chunk_fn fn = choose_sum_chunk(ex->simd);
    const bool is_float = dtype == AC_F32 || dtype == AC_F64;
    memset(total, 0, sizeof *total);
    if (n == 0) return 0;
    part sum;
    if (n <= CHUNK) {
        sum = fn(dtype, x, 0, n);
    } else {
        const int64_t chunks = (n + CHUNK - 1) / CHUNK;
        const size_t bytes = (size_t)chunks * sizeof(part);
        job j = {dtype, x, fn, ac_scratch_alloc(bytes)};
        if (j.parts == NULL) return AC_EXEC_NOMEM;
        const int rc = ac_exec_for(ex, sum_range, &j, n, CHUNK);
        if (rc == 0) {
            if (is_float) {
                sum.f64 = add_tree(&j.parts[0].f64, chunks);
            } else {
                sum.u64 = 0;
                for (int64_t i = 0; i < chunks; i++) sum.u64 += j.parts[i].u64;
            }
        }
        ac_scratch_free(j.parts, bytes);
        if (rc != 0) return rc;
    }
    if (dtype == AC_F32) {
        total->f64 = (double)(float)sum.f64;
    } else if (is_float) {
        total->f64 = sum.f64;
    } else {
        total->u64 = sum.u64;
    }
    return 0;
}
