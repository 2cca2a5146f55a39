/* ac_minmax.c - see ac_minmax.h. Plain loops over lanes, as many as fill four of the widest vectors,
 * so that the comparisons of one vector do not wait for those of the last. */
#include "kernels/ac_minmax.h"

#include <math.h>
#include <stdbool.h>

#include "kernels/ac_lanes_neon.h"
#include "kernels/ac_scratch.h"
#include "kernels/ac_simd_paths.h"

#define CHUNK_BYTES ((int64_t)1 << 20) /* 50 to 100 us of memory bandwidth */
#define LANES(V) (256 / (int64_t)sizeof(V))

typedef enum which { LEAST, MOST, BOTH } which;

typedef struct extremes {
    ac_number least, most;
    bool nan;
} extremes;

/* Whole rows by hand, or none of them. Least and most do not fit the registers together, so that a
 * block is read twice, from the first-level cache. */
#if AC_NEON
#define BLOCK_BYTES 8192
#define ROWS(NAME, V)                                                                       \
    if (neon) {                                                                             \
        const int64_t block = BLOCK_BYTES / (int64_t)sizeof(V);                             \
        uint64_t odd = 0;                                                                   \
        while (i + LANES(V) <= n) {                                                         \
            const int64_t some = n - i < block ? n - i : block;                             \
            int64_t done = 0;                                                               \
            if (low) done = ac_neon_extreme_##NAME(p + i, some, true, least, &odd);         \
            if (high) done = ac_neon_extreme_##NAME(p + i, some, false, most, &odd);        \
            i += done;                                                                      \
        }                                                                                   \
        nan[0] |= odd != 0;                                                                 \
    }
#else
#define ROWS(NAME, V) (void)neon;
#endif

/* The extremes asked for of n >= 1 numbers, and whether there are NaNs; if there are, the extremes do
 * not matter. */
#define DEFINE(NAME, T, V, I, IS_FLOAT, MEMBER)                                             \
    AC_INLINE void block_##NAME(bool neon, const T *p, int64_t n, bool low, bool high,      \
                                extremes *e) {                                              \
        V least[LANES(V)], most[LANES(V)];                                                  \
        I nan[LANES(V)] = {0};                                                              \
        int64_t i = 0;                                                                      \
        for (int j = 0; j < LANES(V); j++) least[j] = most[j] = p[0];                       \
        ROWS(NAME, V)                                                                       \
        for (; i + LANES(V) <= n; i += LANES(V))                                            \
            for (int j = 0; j < LANES(V); j++) {                                            \
                const V v = p[i + j];                                                       \
                if (low) least[j] = v < least[j] ? v : least[j];                            \
                if (high) most[j] = v > most[j] ? v : most[j];                              \
                if (IS_FLOAT) nan[j] |= v != v;                                             \
            }                                                                               \
        for (int j = 0; i + j < n; j++) {                                                   \
            const V v = p[i + j];                                                           \
            if (low) least[j] = v < least[j] ? v : least[j];                                \
            if (high) most[j] = v > most[j] ? v : most[j];                                  \
            if (IS_FLOAT) nan[j] |= v != v;                                                 \
        }                                                                                   \
        for (int half = LANES(V) / 2; half > 0; half /= 2)                                  \
            for (int j = 0; j < half; j++) {                                                \
                if (low) least[j] = least[j + half] < least[j] ? least[j + half] : least[j]; \
                if (high) most[j] = most[j + half] > most[j] ? most[j + half] : most[j];    \
                if (IS_FLOAT) nan[j] |= nan[j + half];                                      \
            }                                                                               \
        e->least.MEMBER = least[0];                                                         \
        e->most.MEMBER = most[0];                                                           \
        e->nan = nan[0] != 0;                                                               \
    }
DEFINE(i8, int8_t, int8_t, uint8_t, false, i64)
DEFINE(u8, uint8_t, uint8_t, uint8_t, false, u64)
DEFINE(i16, ac_i16_at, int16_t, uint16_t, false, i64)
DEFINE(u16, ac_u16_at, uint16_t, uint16_t, false, u64)
DEFINE(i32, ac_i32_at, int32_t, uint32_t, false, i64)
DEFINE(u32, ac_u32_at, uint32_t, uint32_t, false, u64)
DEFINE(i64, ac_i64_at, int64_t, uint64_t, false, i64)
DEFINE(u64, ac_u64_at, uint64_t, uint64_t, false, u64)
DEFINE(f32, ac_f32_at, float, uint32_t, true, f64)
DEFINE(f64, ac_f64_at, double, uint64_t, true, f64)

AC_INLINE extremes chunk_with(bool neon, ac_dtype dtype, const void *x, int64_t n, which want) {
    extremes e = {{0}, {0}, false};
    switch (dtype) {
#define CASE(TYPE, NAME, T)                                                                 \
    case TYPE:                                                                              \
        if (want == LEAST) {                                                                \
            block_##NAME(neon, (const T *)x, n, true, false, &e);                           \
        } else if (want == MOST) {                                                          \
            block_##NAME(neon, (const T *)x, n, false, true, &e);                           \
        } else {                                                                            \
            block_##NAME(neon, (const T *)x, n, true, true, &e);                            \
        }                                                                                   \
        break;
        CASE(AC_I8, i8, int8_t)
        CASE(AC_U8, u8, uint8_t)
        CASE(AC_I16, i16, ac_i16_at)
        CASE(AC_U16, u16, ac_u16_at)
        CASE(AC_I32, i32, ac_i32_at)
        CASE(AC_U32, u32, ac_u32_at)
        CASE(AC_I64, i64, ac_i64_at)
        CASE(AC_U64, u64, ac_u64_at)
        CASE(AC_F32, f32, ac_f32_at)
        CASE(AC_F64, f64, ac_f64_at)
    }
    return e;
}

AC_INLINE extremes chunk_body(ac_dtype dtype, const void *x, int64_t n, which want) {
    return chunk_with(false, dtype, x, n, want);
}

#if AC_NEON
AC_INLINE extremes chunk_neon_body(ac_dtype dtype, const void *x, int64_t n, which want) {
    return chunk_with(true, dtype, x, n, want);
}
#endif

AC_SIMD_PATHS_AND_NEON(extremes, chunk,
                       (ac_dtype dtype, const void *x, int64_t n, which want),
                       (dtype, x, n, want))

typedef struct job {
    ac_dtype dtype;
    const char *x;
    int64_t chunk; /* elements */
    which want;
    chunk_fn fn;
    extremes *parts; /* one for each chunk, written by whoever does it */
} job;

static int minmax_range(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    const job *const j = ctx;
    const int64_t size = (int64_t)ac_dtype_size(j->dtype);
    (void)worker;
    for (int64_t at = lo; at < hi; at += j->chunk)
        j->parts[at / j->chunk] =
            j->fn(j->dtype, j->x + at * size, hi - at > j->chunk ? j->chunk : hi - at,
                  j->want);
    return 0;
}

static void combine(ac_dtype dtype, extremes *e, const extremes *next) {
    e->nan |= next->nan;
    if (dtype == AC_F32 || dtype == AC_F64) {
        if (next->least.f64 < e->least.f64) e->least = next->least;
        if (next->most.f64 > e->most.f64) e->most = next->most;
    } else if (dtype == AC_U8 || dtype == AC_U16 || dtype == AC_U32 || dtype == AC_U64) {
        if (next->least.u64 < e->least.u64) e->least = next->least;
        if (next->most.u64 > e->most.u64) e->most = next->most;
    } else {
        if (next->least.i64 < e->least.i64) e->least = next->least;
        if (next->most.i64 > e->most.i64) e->most = next->most;
    }
}

int ac_minmax(const ac_exec *ex, ac_dtype dtype, const void *x, int64_t n, ac_number *least,
              ac_number *most) {
    job j = {dtype, x, CHUNK_BYTES / (int64_t)ac_dtype_size(dtype),
             most == NULL ? LEAST : least == NULL ? MOST : BOTH, choose_chunk(ex->simd), NULL};
    extremes e;
    if (n <= j.chunk) {
        e = j.fn(dtype, x, n, j.want);
    } else {
        const int64_t chunks = (n + j.chunk - 1) / j.chunk;
        const size_t bytes = (size_t)chunks * sizeof *j.parts;
        j.parts = ac_scratch_alloc(bytes);
        if (j.parts == NULL) return AC_EXEC_NOMEM;
        const int rc = ac_exec_for(ex, minmax_range, &j, n, j.chunk);
        e = j.parts[0];
        for (int64_t i = 1; rc == 0 && i < chunks; i++) combine(dtype, &e, j.parts + i);
        ac_scratch_free(j.parts, bytes);
        if (rc != 0) return rc;
    }
    if (e.nan) e.least.f64 = e.most.f64 = (double)NAN;
    if (least != NULL) *least = e.least;
    if (most != NULL) *most = e.most;
    return 0;
}
