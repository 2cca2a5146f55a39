/* ac_moments.c - see ac_moments.h. Leaves are joined as Chan, Golub and LeVeque do (Updating formulae
 * and a pairwise algorithm for computing sample variances, 1979). */
#include "kernels/ac_moments.h"

#include <string.h>

#include "kernels/ac_lanes_neon.h"
#include "kernels/ac_scratch.h"
#include "kernels/ac_simd_paths.h"

#define LANES AC_MOMENTS_LANES
#define LEAF AC_MOMENTS_LEAF
#define CHUNK_LEAVES 64
#define CHUNK ((int64_t)LEAF * CHUNK_LEAVES)

_Static_assert((CHUNK_LEAVES & (CHUNK_LEAVES - 1)) == 0, "a chunk is a whole subtree of leaves");

/* Whole rows by hand, or none of them. */
#if AC_NEON
#define SUM_ROWS(NAME) (neon ? ac_neon_sum_##NAME(p, count, lane) : 0)
#define DEVIATION_ROWS(NAME) (neon ? ac_neon_deviations_##NAME(p, count, mean, lane) : 0)
#else
#define SUM_ROWS(NAME) 0
#define DEVIATION_ROWS(NAME) 0
#endif

/* Adds TERM(x[i]) over `count` <= LEAF elements in LANES lanes, which are folded in halves. */
#define ADD_LEAF(TERM, rows, p, count, result)                                              \
    do {                                                                                    \
        double lane[LANES];                                                                 \
        for (int j = 0; j < LANES; j++) lane[j] = -0.0; /* the neutral element */           \
        int64_t i = rows;                                                                   \
        for (; i + LANES <= (count); i += LANES)                                            \
            for (int j = 0; j < LANES; j++) lane[j] += TERM((double)(p)[i + j]);            \
        for (int j = 0; i + j < (count); j++) lane[j] += TERM((double)(p)[i + j]);          \
        for (int half = LANES / 2; half > 0; half /= 2)                                     \
            for (int j = 0; j < half; j++) lane[j] += lane[j + half];                       \
        (result) = lane[0];                                                                 \
    } while (0)

#define ITSELF(v) (v)
#define SQUARED_DEVIATION(v) (((v)-mean) * ((v)-mean))

#define DEFINE(NAME, T, V)                                                                  \
    AC_INLINE double sum_leaf_##NAME(bool neon, const T *p, int64_t count) {                \
        double result;                                                                      \
        (void)neon;                                                                         \
        ADD_LEAF(ITSELF, SUM_ROWS(NAME), p, count, result);                                 \
        return result;                                                                      \
    }                                                                                       \
    AC_INLINE double deviations_##NAME(bool neon, const T *p, int64_t count, double mean) { \
        double result;                                                                      \
        (void)neon;                                                                         \
        ADD_LEAF(SQUARED_DEVIATION, DEVIATION_ROWS(NAME), p, count, result);                \
        return result;                                                                      \
    }
AC_INTEGER_TYPES(DEFINE)
AC_FLOAT_TYPES(DEFINE)

/* Both parts hold `a_count` and `b_count` numbers. */
static ac_moments join(const ac_moments *a, double a_count, const ac_moments *b, double b_count) {
    const double count = a_count + b_count, apart = b->mean - a->mean;
    ac_moments m;
    m.sum = a->sum + b->sum;
    m.mean = a->mean + apart * (b_count / count);
    m.deviations = a->deviations + b->deviations + apart * apart * (a_count * (b_count / count));
    return m;
}

/* The tree over `parts` parts of `size` numbers each but for the last, n in all: the left branch is
 * the largest power of two below `parts`. */
static ac_moments join_tree(const ac_moments *v, int64_t parts, int64_t size, int64_t n) {
    if (parts == 1) return v[0];
    int64_t left = 1;
    while (left * 2 < parts) left *= 2;
    const ac_moments a = join_tree(v, left, size, left * size);
    const ac_moments b = join_tree(v + left, parts - left, size, n - left * size);
    return join(&a, (double)(left * size), &b, (double)(n - left * size));
}

AC_INLINE void leaves_with(bool neon, ac_dtype dtype, const void *x, int64_t n, bool deviations,
                           ac_moments *leaves) {
    switch (dtype) {
#define LEAVES(TYPE, NAME, T)                                                               \
    case TYPE:                                                                              \
        for (int64_t at = 0; at < n; at += LEAF) {                                          \
            const int64_t count = n - at > LEAF ? LEAF : n - at;                            \
            const T *const p = (const T *)x + at;                                           \
            ac_moments *const leaf = leaves + at / LEAF;                                    \
            leaf->sum = sum_leaf_##NAME(neon, p, count);                                    \
            leaf->mean = leaf->sum / (double)count;                                         \
            leaf->deviations =                                                              \
                deviations ? deviations_##NAME(neon, p, count, leaf->mean) : 0.0;           \
        }                                                                                   \
        break;
        LEAVES(AC_I8, i8, int8_t)
        LEAVES(AC_U8, u8, uint8_t)
        LEAVES(AC_I16, i16, ac_i16_at)
        LEAVES(AC_U16, u16, ac_u16_at)
        LEAVES(AC_I32, i32, ac_i32_at)
        LEAVES(AC_U32, u32, ac_u32_at)
        LEAVES(AC_I64, i64, ac_i64_at)
        LEAVES(AC_U64, u64, ac_u64_at)
        LEAVES(AC_F32, f32, ac_f32_at)
        LEAVES(AC_F64, f64, ac_f64_at)
    }
}

AC_INLINE void leaves_body(ac_dtype dtype, const void *x, int64_t n, bool deviations,
                           ac_moments *leaves) {
    leaves_with(false, dtype, x, n, deviations, leaves);
}

#if AC_NEON
AC_INLINE void leaves_neon_body(ac_dtype dtype, const void *x, int64_t n, bool deviations,
                                ac_moments *leaves) {
    leaves_with(true, dtype, x, n, deviations, leaves);
}
#endif

AC_SIMD_PATHS_AND_NEON(void, leaves,
                       (ac_dtype dtype, const void *x, int64_t n, bool deviations,
                        ac_moments *leaves),
                       (dtype, x, n, deviations, leaves))

typedef struct job {
    ac_dtype dtype;
    const char *x;
    bool deviations;
    leaves_fn fn;
    ac_moments *parts; /* one for each chunk, written by whoever does it */
} job;

static ac_moments chunk(const job *j, int64_t at, int64_t n) {
    ac_moments leaves[CHUNK_LEAVES];
    j->fn(j->dtype, j->x + at * (int64_t)ac_dtype_size(j->dtype), n, j->deviations, leaves);
    return join_tree(leaves, (n + LEAF - 1) / LEAF, LEAF, n);
}

static int moments_range(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    const job *const j = ctx;
    (void)worker;
    for (int64_t at = lo; at < hi; at += CHUNK)
        j->parts[at / CHUNK] = chunk(j, at, hi - at > CHUNK ? CHUNK : hi - at);
    return 0;
}

int ac_moments_of(const ac_exec *ex, ac_dtype dtype, const void *x, int64_t n, bool deviations,
                  ac_moments *moments) {
    job j = {dtype, x, deviations, choose_leaves(ex->simd), NULL};
    memset(moments, 0, sizeof *moments);
    if (n == 0) return 0;
    if (n <= CHUNK) {
        *moments = chunk(&j, 0, n);
    } else {
        const int64_t chunks = (n + CHUNK - 1) / CHUNK;
        const size_t bytes = (size_t)chunks * sizeof *j.parts;
        j.parts = ac_scratch_alloc(bytes);
        if (j.parts == NULL) return AC_EXEC_NOMEM;
        const int rc = ac_exec_for(ex, moments_range, &j, n, CHUNK);
        if (rc == 0) *moments = join_tree(j.parts, chunks, CHUNK, n);
        ac_scratch_free(j.parts, bytes);
        if (rc != 0) return rc;
    }
    /* An infinity makes the joined mean NaN (inf - inf); the sum still knows. */
    moments->mean = moments->sum / (double)n;
    if (!deviations) moments->deviations = 0.0; /* else those of the leaves' means */
    return 0;
}
