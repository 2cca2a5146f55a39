/* Different numbers and their counts: every dtype, pattern, way, thread count and path, against
 * sorted keys read one after the other. */
#include "kernels/ac_unique.h"

#include "kernels/ac_keys.h"
#include "kernels_check.h"

static uint64_t seed;

/* Is the second of two neighbouring keys another number? Asked of the numbers themselves. */
static bool is_new(ac_dtype t, bool equal_nan, uint64_t before, uint64_t key) {
    double a, b;
    float c, d;
    if (t == AC_F64) {
        ac_keys_store(AC_SIMD_PORTABLE, t, (ac_u64_at *)&before, 1, &a, 0);
        ac_keys_store(AC_SIMD_PORTABLE, t, (ac_u64_at *)&key, 1, &b, 0);
    } else if (t == AC_F32) {
        ac_keys_store(AC_SIMD_PORTABLE, t, (ac_u64_at *)&before, 1, &c, 0);
        ac_keys_store(AC_SIMD_PORTABLE, t, (ac_u64_at *)&key, 1, &d, 0);
        a = (double)c;
        b = (double)d;
    } else {
        return before != key;
    }
    return !(a == b || (equal_nan && a != a && b != b));
}

typedef struct answer {
    int64_t size;
    char *numbers;
    int64_t *counts;
} answer;

static answer right_answer(ac_dtype t, const void *x, int64_t n, bool equal_nan) {
    const size_t size = ac_dtype_size(t);
    answer a = {0, malloc((size_t)n * size + 8), malloc((size_t)n * 8 + 8)};
    uint64_t *const key = malloc((size_t)n * 8 + 8);
    ac_keys_load(AC_SIMD_PORTABLE, t, AC_KEYS_EXACT, x, 0, n, (ac_u64_at *)key);
    qsort(key, (size_t)n, 8, check_compare_u64);
    for (int64_t i = 0; i < n; i++) {
        if (i == 0 || is_new(t, equal_nan, key[i - 1], key[i])) {
            ac_keys_store(AC_SIMD_PORTABLE, t, (ac_u64_at *)key + i, 1, a.numbers, a.size);
            a.counts[a.size++] = 0;
        }
        a.counts[a.size - 1]++;
    }
    free(key);
    return a;
}

static void check_way(ac_dtype t, const void *x, int64_t n, const ac_exec *ex, bool equal_nan,
                      ac_unique_way way, const answer *want) {
    const size_t size = ac_dtype_size(t);
    for (int counted = 0; counted < 2; counted++) {
        ac_unique *u;
        const int rc = ac_unique_find_by_(ex, t, x, n, counted != 0, equal_nan, way, &u);
        if (way == AC_UNIQUE_HASH && rc == 1) {
            CHECK(u == NULL);
            continue;
        }
        CHECK(rc == 0 && ac_unique_size(u) == want->size);
        void *base, *base_counts;
        char *const numbers = check_room(&base, (size_t)want->size * size, (size_t)n % 3);
        int64_t *const counts = check_room(&base_counts, (size_t)want->size * 8, 0);
        CHECK(ac_unique_write(u, ex, numbers, counted ? (ac_i64_at *)counts : NULL) == 0);
        CHECK(memcmp(numbers, want->numbers, (size_t)want->size * size) == 0);
        if (counted) CHECK(memcmp(counts, want->counts, (size_t)want->size * 8) == 0);
        ac_unique_free(u);
        free(base);
        free(base_counts);
    }
}

static void check_unique(ac_dtype t, int pattern, int64_t n, int32_t threads) {
    uint64_t state = seed + (uint64_t)n;
    const size_t size = ac_dtype_size(t);
    void *base;
    char *const x = check_room(&base, (size_t)n * size, (size_t)pattern % 5);
    for (int64_t i = 0; i < n; i++) {
        /* the high bits, so that floats get exponents: NaNs, infinities, zeroes of both signs */
        const uint64_t word = check_pattern(pattern, i, n, &state);
        const uint64_t high = pattern == 9 ? word >> (64 - 8 * size) : word;
        memcpy(x + (size_t)i * size, &high, size);
    }
    for (int equal_nan = 0; equal_nan < 2; equal_nan++) {
        answer want = right_answer(t, x, n, equal_nan != 0);
        FOR_EACH_SIMD(simd) {
            const ac_exec ex = check_exec(simd, threads);
            for (int way = AC_UNIQUE_ANY; way <= AC_UNIQUE_HASH; way++)
                check_way(t, x, n, &ex, equal_nan != 0, (ac_unique_way)way, &want);
        }
        free(want.numbers);
        free(want.counts);
    }
    free(base);
}

static void test_every_dtype_and_pattern(void) {
    const int64_t sizes[] = {0, 1, 2, 100, 5000, 65536, 65537, 200003};
    for (int t = AC_I8; t <= AC_F64; t++)
        for (int pattern = 0; pattern < PATTERNS; pattern++)
            for (int s = 0; s < 8; s++) {
                if (sizes[s] > 1000 && (seed + (uint64_t)(t * 5 + pattern)) % 9 != 0) continue;
                if (check_leaves_out(sizes[s], seed, t * 1000 + pattern * 50 + s)) continue;
                check_unique((ac_dtype)t, pattern, sizes[s], 1 + (t + s) % 3);
            }
}

/* Zeroes of both signs and NaNs of many bits: one number that lies in many ranges. */
static void test_equal_numbers_of_different_bits(void) {
    const int64_t n = check_scale(100) < 100 ? 70000 : 200000; /* more than one chunk */
    double *const x = malloc((size_t)n * 8);
    uint64_t state = seed;
    for (int64_t i = 0; i < n; i++) {
        const uint64_t r = check_random(&state);
        const uint64_t nan = (r << 63) | UINT64_C(0x7FF0000000000001) | (r >> 13);
        if (r % 4 == 0) {
            x[i] = (r & 16) != 0 ? 0.0 : -0.0;
        } else if (r % 4 == 1) {
            x[i] = (double)(int64_t)r;
        } else {
            memcpy(x + i, &nan, 8);
        }
    }
    for (int equal_nan = 0; equal_nan < 2; equal_nan++) {
        answer want = right_answer(AC_F64, x, n, equal_nan != 0);
        FOR_EACH_SIMD(simd) {
            const ac_exec ex = check_exec(simd, 2);
            for (int way = AC_UNIQUE_ANY; way <= AC_UNIQUE_HASH; way++)
                check_way(AC_F64, x, n, &ex, equal_nan != 0, (ac_unique_way)way, &want);
        }
        free(want.numbers);
        free(want.counts);
    }
    free(x);
}

static void check_stop(ac_dtype t, const void *x, int64_t n, int32_t threads) {
    const ac_exec ex = check_stopping_exec(threads);
    ac_unique *u;
    CHECK(ac_unique_find(&ex, t, x, n, true, true, &u) == AC_STOPPED_BY_POLL);
    CHECK(u == NULL);
}

static void test_it_stops_when_asked(void) {
    const int64_t many = (int64_t)1 << 23, few = (int64_t)1 << 25; /* some 60 ms each */
    uint64_t *const x = malloc((size_t)many * 8);
    uint32_t *const y = malloc((size_t)few * 4);
    uint64_t state = seed;
    for (int64_t i = 0; i < many; i++) x[i] = check_random(&state);
    for (int64_t i = 0; i < few; i++) y[i] = (uint32_t)i % 100;
    check_stop(AC_U64, x, many, 1);
    check_stop(AC_U64, x, many, 2);
    check_stop(AC_U32, y, few, 1);
    free(x);
    free(y);
}

int main(void) {
    seed = check_seed();
    RUN(test_every_dtype_and_pattern);
    RUN(test_equal_numbers_of_different_bits);
    RUN(test_it_stops_when_asked);
    return 0;
}
