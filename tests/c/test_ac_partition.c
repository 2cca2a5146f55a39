/* Partition: every number once, in its range, in its old order. */
#include "kernels/ac_partition.h"

#include "kernels_check.h"

static uint64_t seed;

static void check_partition(int pattern, int64_t n, int32_t threads, ac_simd simd, bool wide) {
    uint64_t state = seed;
    uint64_t *const x = malloc((size_t)n * 8), *const keys = malloc((size_t)n * 8);
    void *const index = malloc((size_t)n * 8);
    for (int64_t i = 0; i < n; i++) x[i] = check_pattern(pattern, i, n, &state);
    static ac_partition p;
    memset(&p, 0, sizeof p);
    const ac_exec ex = check_exec(simd, threads);
    CHECK(ac_partition_plan(&p, &ex, AC_U64, AC_KEYS_EXACT, x, n, 16384) == 0);
    CHECK(ac_partition_deal(&p, &ex, (ac_u64_at *)keys, index, wide) == 0);
    CHECK(p.bound[0] == 0 && p.bound[AC_CLASSIFY_IDS] == n);
    uint64_t most_before = 0;
    for (int b = 0; b < AC_CLASSIFY_IDS; b++) {
        uint64_t most = most_before;
        int64_t before = -1;
        CHECK(p.bound[b] <= p.bound[b + 1]);
        CHECK(b < p.classifier.ids || p.bound[b] == n);
        for (int64_t at = p.bound[b]; at < p.bound[b + 1]; at++) {
            const int64_t from =
                (int64_t)(wide ? ((uint64_t *)index)[at] : ((uint32_t *)index)[at]);
            CHECK(from > before && from < n && x[from] == keys[at]);
            CHECK(keys[at] >= most_before);
            before = from;
            most = keys[at] > most ? keys[at] : most;
        }
        most_before = most;
    }
    ac_partition_end(&p);
    free(x);
    free(keys);
    free(index);
}

static void test_every_number_lands_once_in_its_range_and_order(void) {
    const int64_t sizes[] = {1, 2, 1000, AC_PARTITION_CHUNK, 3 * AC_PARTITION_CHUNK + 17};
    for (int pattern = 0; pattern < PATTERNS; pattern++)
        for (int s = 0; s < 5; s++)
            FOR_EACH_SIMD(simd)
                if (!check_leaves_out(sizes[s], seed, pattern * 1000 + s * 50 + simd))
                    check_partition(pattern, sizes[s], 1 + (s + pattern) % 3, simd, pattern % 2);
}

/* The same places as keys of 64 bits get. */
static void test_short_keys_are_the_long_ones(void) {
    enum { N = 2 * AC_PARTITION_CHUNK + 99 };
    static uint32_t x[N], keys[N + 1];
    static uint64_t want[N];
    static ac_partition p;
    uint64_t state = seed;
    for (int pattern = 0; pattern < PATTERNS; pattern++) {
        for (int64_t i = 0; i < N; i++) x[i] = (uint32_t)check_pattern(pattern, i, N, &state);
        const ac_exec ex = check_exec(ac_simd_detect(), 1 + pattern % 3);
        CHECK(ac_partition_plan(&p, &ex, AC_I32, AC_KEYS_EXACT, x, N, 4096) == 0);
        CHECK(ac_partition_deal(&p, &ex, (ac_u64_at *)want, NULL, false) == 0);
        ac_u32_at *const out = (ac_u32_at *)((char *)keys + pattern % 2);
        CHECK(ac_partition_deal_short(&p, &ex, out) == 0);
        for (int64_t i = 0; i < N; i++) CHECK(out[i] == want[i]);
        ac_partition_end(&p);
    }
}

static void test_each_thread_gets_ranges(void) {
    static uint8_t x[100000];
    static ac_partition p;
    for (int32_t threads = 1; threads <= 300; threads += 23) {
        const ac_exec ex = {NULL, threads, ac_simd_detect(), NULL, NULL};
        CHECK(ac_partition_plan(&p, &ex, AC_U8, AC_KEYS_EXACT, x, 100000, 100000) == 0);
        const int ranges = 1 << p.classifier.levels;
        CHECK(ranges == 128 || ranges == 256 || ranges >= 4 * threads);
        ac_partition_end(&p);
    }
}

static void test_it_stops_when_asked(void) {
    const int64_t n = (int64_t)1 << 24; /* more than the 20 ms between two polls */
    uint8_t *const x = calloc((size_t)n, 1);
    uint64_t state = seed;
    for (int64_t i = 0; i < n; i++) x[i] = (uint8_t)check_random(&state);
    static ac_partition p;
    const ac_exec ex = check_stopping_exec(1);
    CHECK(ac_partition_plan(&p, &ex, AC_U8, AC_KEYS_EXACT, x, n, 16384) == AC_STOPPED_BY_POLL);
    ac_partition_end(&p);
    free(x);
}

int main(void) {
    seed = check_seed();
    RUN(test_every_number_lands_once_in_its_range_and_order);
    RUN(test_short_keys_are_the_long_ones);
    RUN(test_each_thread_gets_ranges);
    RUN(test_it_stops_when_asked);
    return 0;
}
