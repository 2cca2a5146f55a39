/* ac_isin.c - see ac_isin.h: three ways to know whether a number is among others.
 *
 *   compare  few numbers to look for: each number is compared with all of them
 *   bits     8 and 16 bits, or integers that lie close together: a table with one bit a number
 *   hash     else: a hash set of keys (ac_key_set.h)
 *
 * Integers are the same if their bits are, whatever their sign means, so four types are enough for the
 * first two ways.
 */
#include "kernels/ac_isin.h"

#include <string.h>

#include "kernels/ac_key_set.h"
#include "kernels/ac_keys.h"
#include "kernels/ac_minmax.h"
#include "kernels/ac_scratch.h"
#include "kernels/ac_simd_paths.h"

#define GRAIN 65536    /* numbers a chunk: 10 to 300 us */
#define BLOCK 2048     /* compared with one number after the other: they stay in the first level */
#define FEW 16         /* to compare with is as fast as a look-up */
#define WIDEST_BITS 21 /* 2**21 bits are 256 KB: they stay in the second level */
#define WORD 32        /* bits of a word of the table */
#define HASHED 16384   /* the same looked up in a hash set, 50 to 100 us */
#define SLAB 1048576   /* numbers put into the hash set between two looks for Ctrl-C */

typedef struct job {
    const ac_exec *ex;
    ac_dtype dtype;
    const void *x;
    const void *tests;
    int64_t count;
    bool invert;
    uint8_t *out;
    /* bits */
    uint64_t least; /* the number whose bit is the first */
    uint64_t range; /* bits; the one behind them is 0 for all other numbers */
    uint32_t *table;
    /* hash */
    ac_key_set set;
    int64_t slab; /* the first of the numbers that are put in now */
} job;

/* X(name, type at any address, type of a value, unsigned type of its width) */
#define TYPES(X)                              \
    X(u8, uint8_t, uint8_t, uint8_t)          \
    X(u16, ac_u16_at, uint16_t, uint16_t)     \
    X(u32, ac_u32_at, uint32_t, uint32_t)     \
    X(u64, ac_u64_at, uint64_t, uint64_t)     \
    X(f32, ac_f32_at, float, uint32_t)        \
    X(f64, ac_f64_at, double, uint64_t)

/* ---- compare --------------------------------------------------------------------------------- */

#define COMPARE(name, T, V, U)                                                              \
    AC_INLINE void compare_##name##_body(const job *j, int64_t lo, int64_t hi) {            \
        const T *const tests = (const T *)j->tests;                                         \
        for (int64_t at = lo; at < hi; at += BLOCK) {                                       \
            const int64_t n = hi - at < BLOCK ? hi - at : BLOCK;                            \
            const T *const AC_RESTRICT x = (const T *)j->x + at;                            \
            uint8_t *const AC_RESTRICT out = j->out + at;                                   \
            memset(out, j->invert, (size_t)n);                                              \
            for (int64_t k = 0; k < j->count; k++) {                                        \
                const V test = tests[k];                                                    \
                if (j->invert) {                                                            \
                    for (int64_t i = 0; i < n; i++) out[i] &= x[i] != test;                 \
                } else {                                                                    \
                    for (int64_t i = 0; i < n; i++) out[i] |= x[i] == test;                 \
                }                                                                           \
            }                                                                               \
        }                                                                                   \
    }                                                                                       \
    AC_SIMD_PATHS(void, compare_##name, (const job *j, int64_t lo, int64_t hi), (j, lo, hi))
TYPES(COMPARE)

/* ---- bits ------------------------------------------------------------------------------------ */

#define BITS(name, T, V, U)                                                                 \
    AC_INLINE void bits_##name##_body(const job *j, int64_t lo, int64_t hi) {               \
        const T *const AC_RESTRICT x = (const T *)j->x;                                     \
        const uint32_t *const AC_RESTRICT table = j->table;                                 \
        uint8_t *const AC_RESTRICT out = j->out;                                            \
        const U least = (U)j->least;                                                        \
        const uint64_t range = j->range;                                                    \
        const uint32_t flip = j->invert;                                                    \
        for (int64_t i = lo; i < hi; i++) {                                                 \
            const uint64_t from = (U)(x[i] - least);                                        \
            const uint32_t at = (uint32_t)(from < range ? from : range);                    \
            out[i] = (uint8_t)(((table[at / WORD] >> (at % WORD)) & 1) ^ flip);             \
        }                                                                                   \
    }                                                                                       \
    AC_SIMD_PATHS(void, bits_##name, (const job *j, int64_t lo, int64_t hi), (j, lo, hi))
BITS(u8, uint8_t, uint8_t, uint8_t)
BITS(u16, ac_u16_at, uint16_t, uint16_t)
BITS(u32, ac_u32_at, uint32_t, uint32_t)
BITS(u64, ac_u64_at, uint64_t, uint64_t)

/* Another thread may change the numbers between the look for the least and the greatest, and here: then
 * there is no bit for some. */
#define SET_BITS(T, U)                                                                      \
    do {                                                                                    \
        const T *const tests = (const T *)j->tests;                                         \
        for (int64_t i = lo; i < hi; i++) {                                                 \
            const uint64_t from = (U)(tests[i] - (U)j->least);                              \
            if (from < j->range) j->table[from / WORD] |= (uint32_t)1 << (from % WORD);     \
        }                                                                                   \
    } while (0)

static int set_bits(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    const job *const j = ctx;
    (void)worker;
    switch (ac_dtype_size(j->dtype)) {
    case 1:
        SET_BITS(uint8_t, uint8_t);
        break;
    case 2:
        SET_BITS(ac_u16_at, uint16_t);
        break;
    case 4:
        SET_BITS(ac_u32_at, uint32_t);
        break;
    default:
        SET_BITS(ac_u64_at, uint64_t);
    }
    return 0;
}

/* Fills in least and range. Returns 0, 1 if they lie too far apart, or AC_STOPPED_BY_POLL. */
static int plan_bits(job *j, int64_t n) {
    const size_t size = ac_dtype_size(j->dtype);
    ac_number least, most;
    if (size <= 2) {
        j->least = 0;
        j->range = (uint64_t)1 << (8 * size);
        return 0;
    }
    const int rc = ac_minmax(j->ex, j->dtype, j->tests, j->count, &least, &most);
    if (rc != 0) return rc;
    j->least = least.u64;
    j->range = most.u64 - least.u64 + 1; /* 0 if it is all of 64 bits */
    /* a look-up in so small a table is worth clearing it, and counting a range that is wide is not */
    const uint64_t paid = 64 * (uint64_t)j->count + 32 * (uint64_t)n;
    if (j->range == 0 || j->range > (uint64_t)1 << WIDEST_BITS || j->range > paid) return 1;
    return 0;
}

static int look_at_bits(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    const job *const j = ctx;
    const ac_simd simd = j->ex->simd;
    (void)worker;
    switch (ac_dtype_size(j->dtype)) {
    case 1:
        choose_bits_u8(simd)(j, lo, hi);
        break;
    case 2:
        choose_bits_u16(simd)(j, lo, hi);
        break;
    case 4:
        choose_bits_u32(simd)(j, lo, hi);
        break;
    default:
        choose_bits_u64(simd)(j, lo, hi);
    }
    return 0;
}

static int by_bits(job *j, int64_t n) {
    const size_t bytes = (size_t)(j->range / WORD + 1) * sizeof *j->table;
    j->table = ac_scratch_alloc_zeroed(bytes);
    if (j->table == NULL) return AC_EXEC_NOMEM;
    ac_exec alone = *j->ex; /* neighbours share words: one thread sets them */
    alone.threads = 1;
    int rc = ac_exec_for(&alone, set_bits, j, j->count, SLAB);
    if (rc == 0) rc = ac_exec_for(j->ex, look_at_bits, j, n, GRAIN);
    ac_scratch_free(j->table, bytes);
    return rc;
}

/* ---- hash ------------------------------------------------------------------------------------ */

/* Keys in which 0.0 and -0.0 are one, and all NaNs are the greatest. */
static void load_keys(const job *j, const void *from, int64_t first, int64_t n, uint64_t *keys) {
    ac_keys_load(j->ex->simd, j->dtype, AC_KEYS_TIES, from, first, n, (ac_u64_at *)keys);
}

/* Takes out NaNs: they equal nothing. Returns how many keys are left. */
static int64_t without_nans(ac_dtype dtype, uint64_t *keys, int64_t n) {
    if (dtype != AC_F32 && dtype != AC_F64) return n;
    const uint64_t nan = dtype == AC_F32 ? UINT32_MAX : UINT64_MAX;
    int64_t have = 0;
    bool any = false;
    for (int64_t i = 0; i < n; i++) any |= keys[i] == nan;
    if (!any) return n;
    for (int64_t i = 0; i < n; i++) {
        keys[have] = keys[i];
        have += keys[i] != nan;
    }
    return have;
}

static int fill_part(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    job *const j = ctx;
    const int64_t end = j->count - j->slab < SLAB ? j->count : j->slab + SLAB;
    uint64_t keys[AC_KEY_SET_BLOCK];
    (void)worker;
    for (int64_t part = lo; part < hi; part++) {
        for (int64_t at = j->slab; at < end; at += AC_KEY_SET_BLOCK) {
            const int64_t some = end - at < AC_KEY_SET_BLOCK ? end - at : AC_KEY_SET_BLOCK;
            load_keys(j, j->tests, at, some, keys);
            if (!ac_key_set_add(&j->set, (int)part, keys, without_nans(j->dtype, keys, some)))
                return -AC_EXEC_NOMEM;
        }
    }
    return 0;
}

static int look_up(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    const job *const j = ctx;
    uint64_t keys[AC_KEY_SET_BLOCK];
    (void)worker;
    for (int64_t at = lo; at < hi; at += AC_KEY_SET_BLOCK) {
        const int64_t some = hi - at < AC_KEY_SET_BLOCK ? hi - at : AC_KEY_SET_BLOCK;
        load_keys(j, j->x, at, some, keys);
        ac_key_set_find(&j->set, keys, some, j->invert, j->out + at);
    }
    return 0;
}

static int by_hash(job *j, int64_t n) {
    int rc = 0;
    ac_key_set_init(&j->set, j->ex, j->count);
    for (j->slab = 0; j->slab < j->count && rc == 0; j->slab += SLAB) {
        rc = ac_exec_for(j->ex, fill_part, j, ac_key_set_parts(&j->set), 1);
        /* a slab takes 2 to 30 ms; the loop over its parts is too short to be stopped itself */
        if (rc == 0 && j->count - j->slab > SLAB && j->ex->poll != NULL &&
            j->ex->poll(j->ex->poll_arg) != 0)
            rc = AC_STOPPED_BY_POLL;
    }
    if (rc == 0) ac_key_set_seal(&j->set);
    if (rc == 0) rc = ac_exec_for(j->ex, look_up, j, n, HASHED);
    ac_key_set_end(&j->set);
    return rc == -AC_EXEC_NOMEM ? AC_EXEC_NOMEM : rc;
}

/* ---- all three ------------------------------------------------------------------------------- */

static int compare_all(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    const job *const j = ctx;
    const ac_simd simd = j->ex->simd;
    (void)worker;
    if (j->dtype == AC_F32) {
        choose_compare_f32(simd)(j, lo, hi);
    } else if (j->dtype == AC_F64) {
        choose_compare_f64(simd)(j, lo, hi);
    } else if (ac_dtype_size(j->dtype) == 8) {
        choose_compare_u64(simd)(j, lo, hi);
    } else if (ac_dtype_size(j->dtype) == 4) {
        choose_compare_u32(simd)(j, lo, hi);
    } else if (ac_dtype_size(j->dtype) == 2) {
        choose_compare_u16(simd)(j, lo, hi);
    } else {
        choose_compare_u8(simd)(j, lo, hi);
    }
    return 0;
}

int ac_isin_by_(const ac_exec *ex, ac_dtype dtype, const void *x, int64_t n, const void *tests,
                int64_t count, bool invert, ac_isin_way way, uint8_t *out) {
    job j = {.ex = ex, .dtype = dtype, .x = x, .tests = tests, .count = count,
             .invert = invert, .out = out};
    if (n == 0) return 0;
    const bool is_float = dtype == AC_F32 || dtype == AC_F64;
    if (count == 0 || way == AC_ISIN_COMPARE || (way == AC_ISIN_ANY && count <= FEW))
        return ac_exec_for(ex, compare_all, &j, n, GRAIN);
    if (!is_float && way != AC_ISIN_HASH) {
        const int far = plan_bits(&j, n);
        if (far < 0) return far;
        if (far == 0) return by_bits(&j, n);
    }
    return by_hash(&j, n);
}

int ac_isin(const ac_exec *ex, ac_dtype dtype, const void *x, int64_t n, const void *tests,
            int64_t count, bool invert, uint8_t *out) {
    return ac_isin_by_(ex, dtype, x, n, tests, count, invert, AC_ISIN_ANY, out);
}
