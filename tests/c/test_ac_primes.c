/* Primes: against trial division below 3,000, known counts above, seams of segments, any start. */
#include "kernels/ac_primes.h"

#include "kernels_check.h"

static bool is_prime(uint64_t n) {
    for (uint64_t d = 2; d * d <= n; d++)
        if (n % d == 0) return false;
    return n >= 2;
}

static void test_every_stop_below_3000(void) {
    const ac_exec ex = check_exec(ac_simd_detect(), 1);
    uint64_t out[500], want[500], count = 0;
    for (uint64_t stop = 0; stop < 3000; stop++) {
        ac_primes *p;
        CHECK(ac_primes_sieve(&ex, 0, stop, true, &p) == 0 && ac_primes_count(p) == count);
        CHECK(ac_primes_write(p, &ex, (ac_u64_at *)out) == 0);
        CHECK(memcmp(out, want, count * 8) == 0);
        ac_primes_free(p);
        if (is_prime(stop)) want[count++] = stop;
    }
}

static void test_known_counts(void) {
    const uint64_t known[][2] = {{1000000, 78498}, {10000000, 664579}, {30000000, 1857859}};
    const int most = check_scale(100) < 25 ? 2 : 3; /* a sanitizer takes seconds */
    for (int k = 0; k < most; k++) {
        for (int32_t threads = 1; threads <= 3; threads++) {
            const ac_exec ex = check_exec(ac_simd_detect(), threads);
            ac_primes *p;
            CHECK(ac_primes_sieve(&ex, 0, known[k][0], false, &p) == 0);
            CHECK(ac_primes_count(p) == known[k][1]);
            ac_primes_free(p);
        }
    }
}

/* 983,040 numbers are a segment, 7,864,320 a chunk. */
static void test_seams_of_segments_and_chunks(void) {
    const uint64_t stops[] = {983039, 983040, 983041, 983071, 7864319, 7864321, 7864351};
    const ac_exec ex = check_exec(ac_simd_detect(), 2);
    for (int k = 0; k < 7; k++) {
        ac_primes *p;
        CHECK(ac_primes_sieve(&ex, 0, stops[k], true, &p) == 0);
        const uint64_t n = ac_primes_count(p);
        uint64_t *const out = malloc(n * 8);
        CHECK(ac_primes_write(p, &ex, (ac_u64_at *)out) == 0);
        for (uint64_t i = 1; i < n; i++) CHECK(out[i - 1] < out[i]);
        CHECK(out[0] == 2 && out[n - 1] < stops[k]);
        for (uint64_t i = n - 300; i < n; i++) CHECK(is_prime(out[i]));
        for (uint64_t i = n / 8; i < n / 8 + 200; i++) CHECK(is_prime(out[i]));
        free(out);
        ac_primes_free(p);
    }
}

static uint64_t between(uint64_t start, uint64_t stop, uint64_t *out) {
    const ac_exec ex = check_exec(ac_simd_detect(), 2);
    ac_primes *p;
    CHECK(ac_primes_sieve(&ex, start, stop, out != NULL, &p) == 0);
    const uint64_t n = ac_primes_count(p);
    if (out != NULL) CHECK(ac_primes_write(p, &ex, (ac_u64_at *)out) == 0);
    ac_primes_free(p);
    return n;
}

static void test_every_start_below_200(void) {
    uint64_t out[100], want[100];
    for (uint64_t start = 0; start < 200; start++)
        for (uint64_t stop = start - (start > 0); stop < 230; stop++) {
            uint64_t count = 0;
            for (uint64_t n = start; n < stop; n++)
                if (is_prime(n)) want[count++] = n;
            CHECK(between(start, stop, out) == count);
            CHECK(memcmp(out, want, count * 8) == 0);
        }
}

/* Ranges that follow each other have together what the whole has. */
static void test_ranges_add_up(void) {
    uint64_t state = check_seed(), start = 0, count = 0;
    while (start < 30000000) {
        const uint64_t stop = start + 1 + check_random(&state) % 9000000;
        count += between(start, stop < 30000000 ? stop : 30000000, NULL);
        start = stop;
    }
    CHECK(count == 1857859);
}

/* Near the largest stop the small primes are 5 million themselves. */
static void test_far_up(void) {
    uint64_t out[100];
    const uint64_t far = UINT64_C(10000000000000);
    const uint64_t n = between(far, far + 300, out);
    CHECK(n > 0 && n < 20);
    for (uint64_t i = 0; i < n; i++) CHECK(is_prime(out[i]));
    for (uint64_t i = far + 1, k = 0; i < far + 300; i += 2) {
        while (k < n && out[k] < i) k++;
        if (k == n || out[k] != i) CHECK(!is_prime(i));
    }
    if (check_scale(100) < 25) return; /* the same */
    /* by the test of Miller and Rabin with twelve bases, which is exact below 2**64 */
    CHECK(between(AC_PRIMES_MAX_STOP - 200, AC_PRIMES_MAX_STOP, out) == 2);
    CHECK(out[0] == AC_PRIMES_MAX_STOP - 145 && out[1] == AC_PRIMES_MAX_STOP - 111);
}

static void test_it_stops_when_asked(void) {
    const ac_exec ex = check_stopping_exec(2);
    ac_primes *p;
    CHECK(ac_primes_sieve(&ex, 0, UINT64_C(3000000000), false, &p) == AC_STOPPED_BY_POLL);
    CHECK(p == NULL);
    ac_primes_free(NULL);
}

int main(void) {
    RUN(test_every_stop_below_3000);
    RUN(test_known_counts);
    RUN(test_seams_of_segments_and_chunks);
    RUN(test_every_start_below_200);
    RUN(test_ranges_add_up);
    RUN(test_far_up);
    RUN(test_it_stops_when_asked);
    return 0;
}
