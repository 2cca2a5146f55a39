/* ac_bincount.c - see ac_bincount.h. */
#include "kernels/ac_bincount.h"

#include "kernels/ac_simd_paths.h"
#include "kernels/ac_tables.h"

#define CHUNK ((int64_t)1 << 17) /* 50 to 200 us */
#define BLOCK 1024
#define FEW 16384 /* numbers that are counted before large tables are cleared and added up */

/* Numbers as indices, whatever does not count as `bins`: a negative number is a large one here. */
AC_INLINE void indices_body(ac_dtype dtype, const void *x, int64_t n, uint32_t bins, uint32_t *at) {
    switch (dtype) {
#define CASE(TYPE, T, W)                                                                    \
    case TYPE: {                                                                            \
        const T *const p = x;                                                               \
        for (int64_t i = 0; i < n; i++) {                                                   \
            const W v = (W)p[i];                                                            \
            at[i] = v < bins ? (uint32_t)v : bins;                                          \
        }                                                                                   \
        break;                                                                              \
    }
        CASE(AC_I8, int8_t, uint32_t)
        CASE(AC_U8, uint8_t, uint32_t)
        CASE(AC_I16, ac_i16_at, uint32_t)
        CASE(AC_U16, ac_u16_at, uint32_t)
        CASE(AC_I32, ac_i32_at, uint32_t)
        CASE(AC_U32, ac_u32_at, uint32_t)
        CASE(AC_I64, ac_i64_at, uint64_t)
        CASE(AC_U64, ac_u64_at, uint64_t)
    default:
        break;
    }
}

AC_SIMD_PATHS(void, indices,
              (ac_dtype dtype, const void *x, int64_t n, uint32_t bins, uint32_t *at),
              (dtype, x, n, bins, at))

typedef struct job {
    ac_dtype dtype;
    const char *x;
    indices_fn fn;
    ac_tables tables;
    int64_t *out; /* of straight runs */
} job;

static int count_range(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    job *const j = ctx;
    const int64_t size = (int64_t)ac_dtype_size(j->dtype);
    uint64_t *const mine = ac_tables_mine(&j->tables, worker);
    uint32_t at[BLOCK];
    if (mine == NULL) return -AC_EXEC_NOMEM;
    for (; lo < hi; lo += BLOCK) {
        const int64_t n = hi - lo < BLOCK ? hi - lo : BLOCK;
        j->fn(j->dtype, j->x + lo * size, n, (uint32_t)j->tables.bins, at);
        ac_tables_count(&j->tables, mine, at, n);
    }
    return 0;
}

/* Few numbers for the bins there are: straight into the result, in one thread. Each number is read
 * once, because another thread may change it between a check and a use. */
static int straight_range(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    job *const j = ctx;
    const int64_t size = (int64_t)ac_dtype_size(j->dtype);
    int64_t *const out = j->out;
    (void)worker;
    switch (j->dtype) {
#define STRAIGHT(TYPE, T)                                                             \
    case TYPE: {                                                                            \
        const T *const p = (const T *)(j->x + lo * size);                                   \
        const uint64_t bins = (uint64_t)j->tables.bins;                                     \
        for (int64_t i = 0; i < hi - lo; i++) {                                             \
            const uint64_t v = (uint64_t)*(const volatile T *)(p + i);                      \
            if (v < bins) out[v]++;                                                         \
        }                                                                                   \
        break;                                                                              \
    }
        STRAIGHT(AC_I8, int8_t)
        STRAIGHT(AC_U8, uint8_t)
        STRAIGHT(AC_I16, ac_i16_at)
        STRAIGHT(AC_U16, ac_u16_at)
        STRAIGHT(AC_I32, ac_i32_at)
        STRAIGHT(AC_U32, ac_u32_at)
        STRAIGHT(AC_I64, ac_i64_at)
        STRAIGHT(AC_U64, ac_u64_at)
    default:
        break;
    }
    return 0;
}

int ac_bincount(const ac_exec *ex, ac_dtype dtype, const void *x, int64_t n, int64_t bins,
                int64_t *out) {
    job j = {dtype, x, choose_indices(ex->simd), {bins, 1, 0, NULL}, out};
    if (n / 8 < bins || (n <= FEW && bins > 512) || bins >= (int64_t)UINT32_MAX - 1) {
        memset(out, 0, (size_t)bins * sizeof *out);
        ac_exec alone = *ex;
        alone.threads = 1;
        return ac_exec_for(&alone, straight_range, &j, n, CHUNK);
    }
    if (!ac_tables_begin(&j.tables, bins, ex->threads)) return AC_EXEC_NOMEM;
    const int rc = ac_exec_for(ex, count_range, &j, n, CHUNK);
    ac_tables_end(&j.tables, rc == 0 ? out : NULL);
    return rc > 0 ? -rc : rc; /* a range function can only return what is > 0 */
}
