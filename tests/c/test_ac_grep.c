/* Occurrences of bytes: against a plain search, over seams of blocks and chunks, hostile inputs. */
#include "kernels/ac_grep.h"

#include "kernels_check.h"

static uint64_t seed;

static int64_t slow(const uint8_t *x, int64_t n, const uint8_t *p, int64_t m) {
    int64_t count = 0;
    for (int64_t i = 0; i + m <= n;) {
        const bool here = memcmp(x + i, p, (size_t)m) == 0;
        count += here;
        i += here ? m : 1;
    }
    return count;
}

static void check_one(const uint8_t *x, int64_t n, const uint8_t *p, int64_t m) {
    const int64_t want = slow(x, n, p, m);
    FOR_EACH_SIMD(simd) {
        for (int32_t threads = 1; threads <= 3; threads++) {
            const ac_exec ex = check_exec(simd, threads);
            int64_t got = -1;
            CHECK(ac_grep_count(&ex, x, n, p, m, &got) == 0 && got == want);
        }
    }
}

static void test_random_texts_of_few_letters(void) {
    const int64_t sizes[] = {0, 1, 2, 7, 100, 255, 256, 257, 1000, 262144, 262145, 600000};
    uint64_t state = seed;
    for (int s = 0; s < 12; s++) {
        for (int letters = 1; letters <= 4; letters++) {
            const int64_t n = sizes[s];
            if (n > 1000 && letters % 2 == 0) continue;
            if (check_leaves_out(n, seed, s * 50 + letters)) continue;
            uint8_t *const x = malloc((size_t)n + 1); /* exact: a sanitizer sees a read beyond */
            for (int64_t i = 0; i < n; i++)
                x[i] = (uint8_t)('a' + check_random(&state) % (uint64_t)letters);
            for (int64_t m = 1; m <= 90; m = m < 8 ? m + 1 : 3 * m) {
                uint8_t p[300];
                for (int64_t i = 0; i < m; i++)
                    p[i] = (uint8_t)('a' + check_random(&state) % (uint64_t)letters);
                if (m < n && m % 2)
                    memcpy(p, x + check_random(&state) % (uint64_t)(n - m), (size_t)m);
                check_one(x, n, p, m);
            }
            free(x);
        }
    }
}

static void test_occurrences_on_seams(void) {
    const int64_t n = 3 * 262144;
    uint8_t *const x = calloc((size_t)n, 1);
    for (int64_t at = 262144 - 9; at < 262144 + 9; at++) {
        if (check_leaves_out(n, seed, (int)at)) continue;
        memcpy(x + at, "needle.", 7);
        check_one(x, n, (const uint8_t *)"needle.", 7);
        memset(x + at, 0, 7);
    }
    memcpy(x + n - 7, "needle.", 7);
    check_one(x, n, (const uint8_t *)"needle.", 7);
    free(x);
}

/* a...aba...a in a text of a: each place fits at both ends and for long; without the change of method
 * this takes hours. */
static void test_hostile_patterns_take_linear_time(void) {
    /* a tenth under a sanitizer: 10 GB of comparisons if they were not linear */
    const int64_t n = check_scale(100) < 100 ? 1000000 : 4000000, m = n / 10 + 1;
    uint8_t *const x = malloc((size_t)n), *const p = malloc((size_t)m);
    memset(x, 'a', (size_t)n);
    memset(p, 'a', (size_t)m);
    p[m / 2] = 'b';
    const ac_exec ex = check_exec(ac_simd_detect(), 2);
    int64_t got = -1;
    CHECK(ac_grep_count(&ex, x, n, p, m, &got) == 0 && got == 0);
    x[n / 4] = 'b';
    CHECK(ac_grep_count(&ex, x, n, p, m, &got) == 0 && got == 1);
    p[m - 1] = 'c'; /* no border: many threads */
    memcpy(x + n / 2, p, (size_t)m);
    CHECK(ac_grep_count(&ex, x, n, p, m, &got) == 0 && got == 1);
    free(x);
    free(p);
}

int main(void) {
    seed = check_seed();
    RUN(test_random_texts_of_few_letters);
    RUN(test_occurrences_on_seams);
    RUN(test_hostile_patterns_take_linear_time);
    return 0;
}
