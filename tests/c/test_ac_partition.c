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
    CHECK(ac_partition_plan(&p, &ex, AC_U64, AC_KEYS_EXACT, x, n) == 0);
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
                check_partition(pattern, sizes[s], 1 + (s + pattern) % 3, simd, pattern % 2);
}

static void test_it_stops_when_asked(void) {
    const int64_t n = (int64_t)1 << 24; /* more than the 20 ms between two polls */
    uint8_t *const x = calloc((size_t)n, 1);
    uint64_t state = seed;
    for (int64_t i = 0; i < n; i++) x[i] = (uint8_t)check_random(&state);
    static ac_partition p;
    const ac_exec ex = check_stopping_exec(1);
    CHECK(ac_partition_plan(&p, &ex, AC_U8, AC_KEYS_EXACT, x, n) == AC_STOPPED_BY_POLL);
    ac_partition_end(&p);
    free(x);
}

int main(void) {
    seed = check_seed();
    RUN(test_every_number_lands_once_in_its_range_and_order);
    RUN(test_it_stops_when_asked);
    return 0;
}
