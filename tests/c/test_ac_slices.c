/* Slices begin short, double while nothing happens, and never pass the deadline. */
#include "wait/ac_slices.h"

#include "check.h"

/* The length of the slice that begins now, give or take the time of the call. */
static int64_t next(ac_slices *s) {
    const int64_t before = ac_now_ns();
    const int64_t end = ac_slices_end(s, AC_FOREVER);
    const int64_t after = ac_now_ns();
    CHECK(end - before >= s->length_ns && end - after <= s->length_ns);
    return s->length_ns;
}

static void test_a_slice_doubles_while_nothing_happens(void) {
    ac_slices s = {0};
    int64_t length = AC_SLICE_FIRST_NS;
    for (int i = 0; i < 10; i++) {
        CHECK(next(&s) == length);
        ac_slices_slept(&s, true);
        length = length < AC_SLICE_LAST_NS ? 2 * length : AC_SLICE_LAST_NS;
    }
    CHECK(next(&s) == AC_SLICE_LAST_NS);
}

static void test_what_ends_a_sleep_makes_the_next_slice_short(void) {
    ac_slices s = {0};
    for (int i = 0; i < 3; i++) {
        (void)next(&s);
        ac_slices_slept(&s, true);
    }
    ac_slices_slept(&s, false);
    CHECK(next(&s) == AC_SLICE_FIRST_NS);
}

static void test_a_slice_ends_with_the_deadline(void) {
    ac_slices s = {0};
    const int64_t soon = ac_now_ns() + AC_NS_PER_MS;
    CHECK(ac_slices_end(&s, soon) == soon);
    CHECK(ac_slices_end(&s, 0) == 0); /* one that has passed */
}

/* Ctrl-C within 100 ms, also when it comes between a look and the first sleep; and a long wait
 * wakes less often than every 200 ms, which costs a thousandth of a core at 0.2 ms a wake. */
static void test_the_lengths_keep_both_promises(void) {
    CHECK(AC_SLICE_FIRST_NS < 100 * AC_NS_PER_MS);
#ifndef _WIN32
    CHECK(AC_SLICE_LAST_NS >= 200 * AC_NS_PER_MS);
#endif
}

int main(void) {
    RUN(test_a_slice_doubles_while_nothing_happens);
    RUN(test_what_ends_a_sleep_makes_the_next_slice_short);
    RUN(test_a_slice_ends_with_the_deadline);
    RUN(test_the_lengths_keep_both_promises);
    return 0;
}
