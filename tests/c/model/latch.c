/* latch.c - ac_latch.h under the checker. */
#include "sync/ac_latch.h"

static ac_latch l;
static uint32_t data[2];

static void two(void) { memset(&l, 0, sizeof l); ac_latch_init(&l, 2); data[0] = data[1] = 0; }
static void down(int me) { data[me] = 1; MODEL_CHECK(ac_latch_count_down(&l, 1) == AC_OK); }
static void down0(void) { down(0); }
static void down1(void) { down(1); }
static void down_both(void) { down(0); down(1); }
static void wait_zero(void) {
    (void)ac_latch_spin(&l, AC_FOREVER);
    for (;;) {
        const uint32_t key = ac_ec_prepare(&l.zero);
        if (ac_latch_count(&l) == 0) break;
        ac_ec_wait(&l.zero, key, AC_FOREVER, AC_WAIT_PRIVATE);
    }
    MODEL_CHECK(data[0] == 1 && data[1] == 1);
}
static void too_many(void) { MODEL_CHECK(ac_latch_count_down(&l, 3) == AC_FULL); }
static void open_now(void) { MODEL_CHECK(ac_latch_count(&l) == 0); }

static const model_test tests[] = {
    {.name = "open", .setup = two, .thread = {down0, down1, wait_zero}, .finish = open_now,
     .sc = MODEL_ALL, .weak = 2, .spurious = 1},
    {.name = "two_wait", .setup = two, .thread = {wait_zero, wait_zero, down_both},
     .finish = open_now, .sc = 3, .weak = 2},
    {.name = "too_many", .setup = two, .thread = {too_many, down_both}, .finish = open_now,
     .sc = MODEL_ALL, .weak = MODEL_ALL},
};
MODEL_MAIN(tests)
