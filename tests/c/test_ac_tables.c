/* Tables of counters: small and large ones, workers that came and that did not. */
#include "kernels/ac_tables.h"

#include "kernels_check.h"

static void check_tables(int64_t bins, int32_t workers, bool all, uint64_t *state) {
    ac_tables t;
    int64_t *const want = calloc((size_t)bins + 1, 8), *const got = malloc((size_t)bins * 8 + 8);
    CHECK(ac_tables_begin(&t, bins, workers));
    for (int round = 0; round < 20; round++) {
        uint32_t at[37];
        const int32_t worker = all ? round % workers : workers - 1;
        for (int i = 0; i < 37; i++) {
            at[i] = (uint32_t)(check_random(state) % (uint64_t)(bins + 1));
            want[at[i]]++;
        }
        uint64_t *const mine = ac_tables_mine(&t, worker);
        CHECK(mine != NULL);
        ac_tables_count(&t, mine, at, 37);
    }
    ac_tables_end(&t, got);
    CHECK(memcmp(got, want, (size_t)bins * 8) == 0);
    free(want);
    free(got);
}

static void test_counts_add_up(void) {
    uint64_t state = check_seed();
    const int64_t bins[] = {1, 2, 100, AC_TABLES_SMALL, AC_TABLES_SMALL + 1, 100000};
    for (int b = 0; b < 6; b++) {
        check_tables(bins[b], 1, true, &state);
        check_tables(bins[b], 5, true, &state);
        check_tables(bins[b], 5, false, &state);
    }
}

static void test_nobody_counted(void) {
    ac_tables t;
    int64_t out[3] = {1, 2, 3};
    CHECK(ac_tables_begin(&t, 3, 2));
    ac_tables_end(&t, out);
    CHECK(out[0] == 0 && out[1] == 0 && out[2] == 0);
    CHECK(ac_tables_begin(&t, 3, 2));
    CHECK(ac_tables_mine(&t, 1) != NULL);
    ac_tables_end(&t, NULL); /* gives the memory back all the same */
}

int main(void) {
    RUN(test_counts_add_up);
    RUN(test_nobody_counted);
    return 0;
}
