/* ac_searchsorted.c - see ac_searchsorted.h. Binary search without branches that depend on the numbers,
 * for several numbers side by side: each step is a load that has to wait for the last one, and the
 * loads of one number run while another's wait (Khuong and Morin, Array layouts for
 * comparison-based searching, 2017). */
#include "kernels/ac_searchsorted.h"

#include "kernels/ac_simd_paths.h"

#define CHUNK 8192 /* 0.1 to 2 ms */
#define WAYS 16

typedef struct job {
    ac_dtype dtype;
    const void *sorted;
    int64_t n; /* of those that are no NaN */
    int64_t nan_at; /* where a NaN belongs */
    const void *v;
    bool right;
    ac_i64_at *out;
} job;

/* BEFORE(a, v): whether the sorted a stands before v. */
#define LESS(a, v) ((a) < (v))
#define NOT_GREATER(a, v) ((a) <= (v))

/* Each way keeps the invariant: what stands before `at` is before v, and the place is within the next
 * `left` + 1. */
#define SEARCH(T, V, BEFORE, IS_FLOAT)                                                      \
    do {                                                                                    \
        const T *const sorted = (const T *)j->sorted;                                       \
        const T *const v = (const T *)j->v;                                                 \
        for (int64_t i = lo; i < hi; i += WAYS) {                                           \
            V key[WAYS];                                                                    \
            int64_t at[WAYS] = {0};                                                         \
            const int64_t some = hi - i < WAYS ? hi - i : WAYS;                             \
            for (int w = 0; w < WAYS; w++) key[w] = v[w < some ? i + w : i];                \
            int64_t left = j->n;                                                            \
            while (left > 1) {                                                              \
                const int64_t half = left / 2;                                              \
                for (int w = 0; w < WAYS; w++)                                              \
                    at[w] += BEFORE(sorted[at[w] + half - 1], key[w]) ? half : 0;           \
                left -= half;                                                               \
            }                                                                               \
            if (left == 1)                                                                  \
                for (int w = 0; w < WAYS; w++) at[w] += BEFORE(sorted[at[w]], key[w]);      \
            for (int w = 0; w < some; w++)                                                  \
                j->out[i + w] = IS_FLOAT && key[w] != key[w] ? j->nan_at : at[w];           \
        }                                                                                   \
    } while (0)

static int search_range(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    const job *const j = ctx;
    (void)worker;
    switch (j->dtype) {
#define CASE(TYPE, T, V, IS_FLOAT)                                                          \
    case TYPE:                                                                              \
        if (j->right) {                                                                     \
            SEARCH(T, V, NOT_GREATER, IS_FLOAT);                                            \
        } else {                                                                            \
            SEARCH(T, V, LESS, IS_FLOAT);                                                   \
        }                                                                                   \
        break;
        CASE(AC_I8, int8_t, int8_t, false)
        CASE(AC_U8, uint8_t, uint8_t, false)
        CASE(AC_I16, ac_i16_at, int16_t, false)
        CASE(AC_U16, ac_u16_at, uint16_t, false)
        CASE(AC_I32, ac_i32_at, int32_t, false)
        CASE(AC_U32, ac_u32_at, uint32_t, false)
        CASE(AC_I64, ac_i64_at, int64_t, false)
        CASE(AC_U64, ac_u64_at, uint64_t, false)
        CASE(AC_F32, ac_f32_at, float, true)
        CASE(AC_F64, ac_f64_at, double, true)
    }
    return 0;
}

/* How many numbers stand before the NaNs at the end. */
#define BEFORE_NANS(T)                                                                      \
    do {                                                                                    \
        const T *const p = (const T *)sorted;                                               \
        int64_t lo = 0, hi = n;                                                             \
        while (lo < hi) {                                                                   \
            const int64_t mid = lo + (hi - lo) / 2;                                         \
            if (p[mid] == p[mid]) {                                                         \
                lo = mid + 1;                                                               \
            } else {                                                                        \
                hi = mid;                                                                   \
            }                                                                               \
        }                                                                                   \
        return lo;                                                                          \
    } while (0)

static int64_t before_nans(ac_dtype dtype, const void *sorted, int64_t n) {
    if (dtype == AC_F32) BEFORE_NANS(ac_f32_at);
    if (dtype == AC_F64) BEFORE_NANS(ac_f64_at);
    return n;
}

int ac_searchsorted(const ac_exec *ex, ac_dtype dtype, const void *sorted, int64_t n, const void *v,
                    int64_t count, bool right, ac_i64_at *out) {
    const int64_t numbers = before_nans(dtype, sorted, n);
    job j = {dtype, sorted, numbers, right ? n : numbers, v, right, out};
    return ac_exec_for(ex, search_range, &j, count, CHUNK);
}
