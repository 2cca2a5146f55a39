/* How many chunks a claim takes: more after short ones, one after a long one and near the end. */
#include "sched/ac_claims.h"

#include "check.h"

#define MANY (INT64_C(1) << 40)

/* The claim after one that took so long. */
static int64_t after(ac_claims *c, int64_t *now, int64_t took, int64_t left) {
    CHECK(ac_claims_timed(c));
    *now += took;
    return ac_claims_next(c, left, *now);
}

static void test_short_claims_double_up_to_a_bound(void) {
    for (int64_t grain = 1; grain <= 1000; grain += 333) {
        ac_claims c = ac_claims_begin(true, MANY, grain, 3);
        int64_t now = 5;
        CHECK(after(&c, &now, 0, MANY) == grain); /* nothing is known yet */
        for (int64_t chunks = 2; chunks <= AC_CLAIM_CHUNKS; chunks *= 2)
            CHECK(after(&c, &now, AC_CLAIM_NS / 2 - 1, MANY) == chunks * grain);
        CHECK(after(&c, &now, 1, MANY) == AC_CLAIM_CHUNKS * grain);
        CHECK(after(&c, &now, AC_CLAIM_NS, MANY) == AC_CLAIM_CHUNKS * grain); /* neither short nor long */
    }
}

static void test_after_a_long_claim_it_is_one_chunk_for_a_while(void) {
    ac_claims c = ac_claims_begin(true, MANY, 7, 2);
    int64_t now = 0;
    for (int i = 0; i < 4; i++) after(&c, &now, 1, MANY);
    CHECK(after(&c, &now, AC_CLAIM_NS + 1, MANY) == 7);
    for (int i = 0; i < AC_CLAIM_UNTIMED; i++) {
        CHECK(!ac_claims_timed(&c));
        CHECK(ac_claims_next(&c, MANY, 0) == 7);
    }
    CHECK(after(&c, &now, 1, MANY) == 7); /* what was not timed says nothing */
    CHECK(after(&c, &now, 1, MANY) == 14);
}

static void test_near_the_end_claims_are_small(void) {
    ac_claims c = ac_claims_begin(true, MANY, 10, 4);
    int64_t now = 0, size = 0;
    for (int i = 0; i < 5; i++) size = after(&c, &now, 1, MANY);
    CHECK(size == 10 * AC_CLAIM_CHUNKS);
    for (int64_t left = 3000; left >= -3000; left -= 10) { /* others may have passed the end */
        size = after(&c, &now, 1, left);
        CHECK(size >= 10 && size % 10 == 0);
        CHECK(size == 10 || size * AC_CLAIM_SHARE * 4 <= left);
    }
    CHECK(size == 10);
}

static void test_loops_that_are_never_timed(void) {
    const int64_t least = 2 * AC_CLAIM_SHARE * 3 * 100; /* two chunks of 100 for each of 3 threads */
    ac_claims c = ac_claims_begin(true, least, 100, 3);
    CHECK(ac_claims_timed(&c));
    c = ac_claims_begin(true, least - 1, 100, 3);
    CHECK(!ac_claims_timed(&c) && ac_claims_next(&c, MANY, 0) == 100);
    c = ac_claims_begin(false, MANY, 1, 1);
    CHECK(!ac_claims_timed(&c));
    c = ac_claims_begin(true, INT64_MAX / 2 + 1, 1, 1);
    CHECK(!ac_claims_timed(&c));
}

static void test_claims_after_the_end_do_not_overflow(void) {
    const int64_t n = INT64_MAX / 2, threads = 256;
    for (int64_t grain = 1; grain < n / AC_CLAIM_SHARE / threads / 2; grain *= 5) {
        ac_claims c = ac_claims_begin(true, n, grain, threads);
        int64_t now = 0, size = 0;
        for (int i = 0; i < 6; i++) size = after(&c, &now, 0, n);
        CHECK(size >= grain && size <= (INT64_MAX - n) / threads);
    }
}

int main(void) {
    RUN(test_short_claims_double_up_to_a_bound);
    RUN(test_after_a_long_claim_it_is_one_chunk_for_a_while);
    RUN(test_near_the_end_claims_are_small);
    RUN(test_loops_that_are_never_timed);
    RUN(test_claims_after_the_end_do_not_overflow);
    return 0;
}
