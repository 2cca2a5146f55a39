/* Backing off ends: the steps are bounded, and snoozing goes over to yielding. */
#include "base/ac_backoff.h"

#include "check.h"

static void test_spinning_stops_growing_at_the_limit(void) {
    ac_backoff b = {0};
    for (int i = 0; i < 50; i++) ac_backoff_spin(&b);
    CHECK(b.step == AC_BACKOFF_SPIN_LIMIT);
}

static void test_snoozing_yields_after_the_limit(void) {
    ac_backoff b = {0};
    for (int i = 0; i < 50; i++) ac_backoff_snooze(&b);
    CHECK(b.step == AC_BACKOFF_SPIN_LIMIT);
}

int main(void) {
    RUN(test_spinning_stops_growing_at_the_limit);
    RUN(test_snoozing_yields_after_the_limit);
    return 0;
}
