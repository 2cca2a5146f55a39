/* Time goes forward, and deadlines do not overflow. */
#include "base/ac_clock.h"

#include "check.h"

static void test_time_does_not_go_back(void) {
    int64_t last = ac_now_ns();
    for (int i = 0; i < 1000; i++) {
        const int64_t now = ac_now_ns();
        CHECK(now >= last);
        last = now;
    }
}

static void test_a_deadline_past_the_end_of_time_is_forever(void) {
    CHECK(ac_deadline_after(INT64_MAX) == AC_FOREVER);
    CHECK(ac_deadline_after(INT64_MAX - 1) == AC_FOREVER);
    CHECK(ac_deadline_after(0) <= ac_now_ns());
    CHECK(ac_deadline_after(-5) <= ac_now_ns());
    CHECK(ac_deadline_after(AC_NS_PER_S) > ac_now_ns());
}

int main(void) {
    RUN(test_time_does_not_go_back);
    RUN(test_a_deadline_past_the_end_of_time_is_forever);
    return 0;
}
