/* The loop in one thread: chunks, results, the poll. */
#include "sched/ac_exec.h"

#include "check.h"

typedef struct seen {
    int64_t calls, covered, stop_at;
} seen;

static int cover(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    seen *const s = ctx;
    CHECK(worker == 0 && lo == s->covered && hi > lo);
    s->calls++;
    s->covered = hi;
    return s->stop_at != 0 && hi >= s->stop_at ? 5 : 0;
}

static ac_exec serial(void) {
    const ac_exec ex = {NULL, 1, AC_SIMD_PORTABLE, NULL, NULL};
    return ex;
}

static void test_every_index_is_covered_once_in_order(void) {
    const ac_exec ex = serial();
    for (int64_t n = 0; n < 40; n++) {
        for (int64_t grain = 1; grain < 12; grain++) {
            seen s = {0, 0, 0};
            CHECK(ac_exec_for(&ex, cover, &s, n, grain) == 0);
            CHECK(s.covered == n && s.calls == (n + grain - 1) / grain);
        }
    }
}

static void test_a_non_zero_result_stops_the_loop_and_is_returned(void) {
    const ac_exec ex = serial();
    seen s = {0, 0, 10};
    CHECK(ac_exec_for(&ex, cover, &s, 100, 5) == 5);
    CHECK(s.calls == 2);
}

static int slow(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    (void)lo, (void)hi, (void)worker;
    const int64_t end = ac_now_ns() + 2 * AC_NS_PER_MS;
    while (ac_now_ns() < end) ac_pause();
    ++*(int64_t *)ctx;
    return 0;
}

static int always(void *arg) {
    ++*(int *)arg;
    return 1;
}

static void test_a_poll_that_says_stop_is_heeded_soon(void) {
    int polls = 0;
    ac_exec ex = serial();
    ex.poll = always;
    ex.poll_arg = &polls;
    int64_t calls = 0;
    CHECK(ac_exec_for(&ex, slow, &calls, 1000, 1) == AC_STOPPED_BY_POLL);
    CHECK(polls == 1 && calls < 100);
}

int main(void) {
    RUN(test_every_index_is_covered_once_in_order);
    RUN(test_a_non_zero_result_stops_the_loop_and_is_returned);
    RUN(test_a_poll_that_says_stop_is_heeded_soon);
    return 0;
}
