/* Somebody else's function: every result but 0 stops the loop and comes back as it is. */
#include "sched/ac_process.h"
#include "sched/ac_range.h"

#include "check.h"

static int fail_at(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    (void)worker;
    const int64_t *const want = ctx; /* the index that fails, the code */
    return lo <= want[0] && want[0] < hi ? (int)want[1] : 0;
}

static void test_codes_come_back_with_their_chunk(void) {
    const int64_t codes[] = {1, -1, AC_STOPPED_BY_POLL, AC_EXEC_NOMEM, INT32_MIN, INT32_MAX};
    for (int32_t threads = 1; threads <= 3; threads++)
        for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
            int64_t want[2] = {777, codes[i]};
            ac_range range = {.fn = fail_at, .ctx = want};
            const ac_exec ex = {.api = ac_process_api(), .threads = threads};
            CHECK(ac_range_run(&range, &ex, 1000, 10, AC_DYNAMIC) == AC_RANGE_FAILED);
            CHECK(range.code == codes[i] && range.lo == 770 && range.hi == 780);
        }
}

static int fail(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    (void)ctx, (void)lo, (void)hi;
    return 100 + worker;
}

static void test_of_several_failures_one_is_told_whole(void) {
    for (uint64_t i = check_scale(2000); i > 0; i--) {
        ac_range range = {.fn = fail};
        const ac_exec ex = {.api = ac_process_api(), .threads = 3};
        CHECK(ac_range_run(&range, &ex, 300, 100, AC_DYNAMIC) == AC_RANGE_FAILED);
        CHECK(range.code >= 100 && range.code < 103 && range.hi == range.lo + 100);
    }
}

static int fine(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    (void)worker;
    ac_fetch_add_relaxed((ac_atomic_i64 *)ctx, hi - lo);
    return 0;
}

static void test_without_a_failure_all_is_done(void) {
    ac_atomic_i64 done = 0;
    ac_range range = {.fn = fine, .ctx = &done};
    const ac_exec ex = {.api = ac_process_api(), .threads = 3};
    CHECK(ac_range_run(&range, &ex, 12345, 1, AC_GUIDED) == 0);
    CHECK(ac_load_relaxed(&done) == 12345 && ac_load_relaxed(&range.claim) == 0);
}

int main(void) {
    RUN(test_codes_come_back_with_their_chunk);
    RUN(test_of_several_failures_one_is_told_whole);
    RUN(test_without_a_failure_all_is_done);
    CHECK(ac_pool_stop(ac_process_pool()));
    return 0;
}
