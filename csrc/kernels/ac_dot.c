/* ac_dot.c - see ac_dot.h. */
#include "kernels/ac_dot.h"

#include <stdbool.h>
#include <string.h>

#include "kernels/ac_lanes_neon.h"
#include "kernels/ac_scratch.h"
#include "kernels/ac_simd_paths.h"

#define LEAF AC_DOT_LEAF
#define CHUNK_LEAVES 32 /* 1 MiB of two float64 buffers: 50 to 100 us of memory bandwidth */
#define CHUNK ((int64_t)LEAF * CHUNK_LEAVES)

_Static_assert((CHUNK_LEAVES & (CHUNK_LEAVES - 1)) == 0, "a chunk is a whole subtree of leaves");

#define LANES(V) (256 / (int)sizeof(V))

/* The tree over `count` values: the left part is the largest power of two below count. */
static double add_tree(const double *v, int64_t count) {
    if (count == 1) return v[0];
    int64_t left = 1;
    while (left * 2 < count) left *= 2;
    return add_tree(v, left) + add_tree(v + left, count - left);
}

/* Whole rows by hand, or none of them. */
#if AC_NEON
#define ROWS(NAME) (neon ? ac_neon_dot_##NAME(p, q, n, lane) : 0)
#else
#define ROWS(NAME) 0
#endif

#define EACH_LANE(V, j) for (int j = 0; j < LANES(V); j++)

#define DEFINE_FLOAT(NAME, T, V)                                                            \
    AC_INLINE double fold_##NAME(const V *lane) {                                           \
        double wide[LANES(V)];                                                              \
        EACH_LANE(V, j) wide[j] = (double)lane[j];                                          \
        for (int half = LANES(V) / 2; half > 0; half /= 2)                                  \
            for (int j = 0; j < half; j++) wide[j] += wide[j + half];                       \
        return wide[0];                                                                     \
    }                                                                                       \
    AC_INLINE double leaf_##NAME(bool neon, const T *p, const T *q, int64_t n) {            \
        V lane[LANES(V)];                                                                   \
        (void)neon;                                                                         \
        EACH_LANE(V, j) lane[j] = (V)-0.0; /* the neutral element */                        \
        int64_t i = ROWS(NAME);                                                             \
        for (; i + LANES(V) <= n; i += LANES(V))                                            \
            EACH_LANE(V, j) lane[j] += p[i + j] * q[i + j];                                 \
        for (int j = 0; i + j < n; j++) lane[j] += p[i + j] * q[i + j];                     \
        return fold_##NAME(lane);                                                           \
    }                                                                                       \
    /* Two whole leaves side by side: four streams of memory where one leaf has two. */     \
    AC_INLINE void pair_##NAME(const T *p, const T *q, double *sums) {                      \
        const T *const p2 = p + LEAF, *const q2 = q + LEAF;                                 \
        V lane[LANES(V)], lane2[LANES(V)];                                                  \
        EACH_LANE(V, j) lane[j] = lane2[j] = (V)-0.0;                                       \
        for (int64_t i = 0; i < LEAF; i += LANES(V)) {                                      \
            EACH_LANE(V, j) lane[j] += p[i + j] * q[i + j];                                 \
            EACH_LANE(V, j) lane2[j] += p2[i + j] * q2[i + j];                              \
        }                                                                                   \
        sums[0] = fold_##NAME(lane);                                                        \
        sums[1] = fold_##NAME(lane2);                                                       \
    }                                                                                       \
    AC_INLINE double leaves_##NAME(bool neon, const T *p, const T *q, int64_t n) {          \
        double sums[CHUNK_LEAVES];                                                          \
        int64_t k = 0, at = 0;                                                              \
        for (; !neon && at + 2 * LEAF <= n; at += 2 * LEAF, k += 2)                         \
            pair_##NAME(p + at, q + at, sums + k);                                          \
        for (; at < n; at += LEAF, k++)                                                     \
            sums[k] = leaf_##NAME(neon, p + at, q + at, n - at > LEAF ? LEAF : n - at);     \
        return add_tree(sums, k);                                                           \
    }
AC_FLOAT_TYPES(DEFINE_FLOAT)

/* The low bits of a product do not depend on the signs. uint32_t at least, so that nothing is
 * promoted to a signed int that could overflow. */
#define WRAPPING(T, W)                                                                      \
    {                                                                                       \
        const T *const p = x, *const q = y;                                                 \
        W acc = 0;                                                                          \
        for (int64_t i = 0; i < n; i++) acc = (W)(acc + (W)((uint64_t)p[i] * q[i]));        \
        r.u64 = acc;                                                                        \
        break;                                                                              \
    }

AC_INLINE ac_number chunk_with(bool neon, ac_dtype dtype, const void *x, const void *y, int64_t n) {
    ac_number r = {0};
    switch (dtype) {
    case AC_I8:
    case AC_U8:
        WRAPPING(uint8_t, uint8_t)
    case AC_I16:
    case AC_U16:
        WRAPPING(ac_u16_at, uint16_t)
    case AC_I32:
    case AC_U32:
        WRAPPING(ac_u32_at, uint32_t)
    case AC_I64:
    case AC_U64:
        WRAPPING(ac_u64_at, uint64_t)
    case AC_F32:
        r.f64 = leaves_f32(neon, x, y, n);
        break;
    case AC_F64:
        r.f64 = leaves_f64(neon, x, y, n);
        break;
    }
    return r;
}

AC_INLINE ac_number chunk_body(ac_dtype dtype, const void *x, const void *y, int64_t n) {
    return chunk_with(false, dtype, x, y, n);
}

#if AC_NEON
AC_INLINE ac_number chunk_neon_body(ac_dtype dtype, const void *x, const void *y, int64_t n) {
    return chunk_with(true, dtype, x, y, n);
}
#endif

AC_SIMD_PATHS_AND_NEON(ac_number, chunk, (ac_dtype dtype, const void *x, const void *y, int64_t n),
                       (dtype, x, y, n))

typedef struct job {
    ac_dtype dtype;
    const char *x, *y;
    chunk_fn fn;
    ac_number *parts; /* one for each chunk, written by whoever does it */
} job;

static int dot_range(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    const job *const j = ctx;
    const int64_t size = (int64_t)ac_dtype_size(j->dtype);
    (void)worker;
    for (int64_t at = lo; at < hi; at += CHUNK)
        j->parts[at / CHUNK] = j->fn(j->dtype, j->x + at * size, j->y + at * size,
                                     hi - at > CHUNK ? CHUNK : hi - at);
    return 0;
}

/* What is left of the sum at the width of its type, in the member that its kind has. */
static ac_number narrowed(ac_dtype dtype, ac_number r) {
    const int drop = 64 - 8 * (int)ac_dtype_size(dtype);
    switch (dtype) {
    case AC_I8:
    case AC_I16:
    case AC_I32:
    case AC_I64:
        r.i64 = (int64_t)(r.u64 << drop) >> drop;
        break;
    case AC_F32:
        r.f64 = (double)(float)r.f64;
        break;
    case AC_F64:
        break;
    default:
        r.u64 = r.u64 << drop >> drop;
    }
    return r;
}

int ac_dot(const ac_exec *ex, ac_dtype dtype, const void *x, const void *y, int64_t n,
           ac_number *result) {
    job j = {dtype, x, y, choose_chunk(ex->simd), NULL};
    memset(result, 0, sizeof *result);
    if (n == 0) return 0;
    if (n <= CHUNK) {
        *result = narrowed(dtype, j.fn(dtype, x, y, n));
        return 0;
    }
    const int64_t chunks = (n + CHUNK - 1) / CHUNK;
    const size_t bytes = (size_t)chunks * sizeof *j.parts;
    j.parts = ac_scratch_alloc(bytes);
    if (j.parts == NULL) return AC_EXEC_NOMEM;
    const int rc = ac_exec_for(ex, dot_range, &j, n, CHUNK);
    if (rc == 0) {
        ac_number sum = {0};
        if (dtype == AC_F32 || dtype == AC_F64) {
            sum.f64 = add_tree(&j.parts[0].f64, chunks);
        } else {
            for (int64_t i = 0; i < chunks; i++) sum.u64 += j.parts[i].u64;
        }
        *result = narrowed(dtype, sum);
    }
    ac_scratch_free(j.parts, bytes);
    return rc;
}
