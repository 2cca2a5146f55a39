/* event.c - ac_event.h under the checker. */
#include "sync/ac_event.h"

static ac_event e;
static uint32_t data;

static void zero(void) { memset(&e, 0, sizeof e); data = 0; }
static bool wait_until(int64_t deadline) {
    const uint32_t first = ac_event_look(&e);
    if (ac_event_is_set(&e)) return true;
    uint32_t key;
    while ((key = ac_event_prepare(&e, first)) != 0)
        if (ac_wait(&e.word, key, deadline, AC_WAIT_PRIVATE) == AC_WAIT_TIMEOUT) return false;
    return true;
}
static void wait_set(void) { MODEL_CHECK(wait_until(AC_FOREVER)); MODEL_CHECK(data == 1); }
static void wait_any(void) { MODEL_CHECK(wait_until(AC_FOREVER)); }
static void wait_late(void) { (void)wait_until(5); }
static void set(void) { data = 1; MODEL_CHECK(!ac_event_set(&e)); }
static void set_again(void) { data = 1; ac_event_set(&e); ac_event_set(&e); }
/* Up and down again, for one whose wait had begun. */
static uint32_t begun;
static void setup_begun(void) { zero(); begun = ac_event_look(&e); }
static void wait_begun(void) {
    uint32_t key;
    while ((key = ac_event_prepare(&e, begun)) != 0) ac_wait(&e.word, key, AC_FOREVER, AC_WAIT_PRIVATE);
}
static void pulse(void) { MODEL_CHECK(!ac_event_set(&e)); MODEL_CHECK(ac_event_clear(&e)); }
static void clear(void) { (void)ac_event_clear(&e); }
static void is_up(void) { MODEL_CHECK(ac_event_is_set(&e)); }
static void set_data(void) { data = 1; ac_event_set(&e); }
static void only_set(void) { ac_event_set(&e); }
/* A flag that is up already: the second set still hands over what came before it. */
static void look(void) { if (ac_event_is_set(&e)) (void)*(volatile uint32_t *)&data; }

static const model_test tests[] = {
    {.name = "set", .setup = zero, .thread = {wait_set, set}, .finish = is_up, .sc = MODEL_ALL,
     .weak = MODEL_ALL, .spurious = 1},
    {.name = "two_wait", .setup = zero, .thread = {wait_set, wait_set, set}, .finish = is_up,
     .sc = MODEL_ALL, .weak = 2},
    {.name = "again", .setup = zero, .thread = {wait_set, set_again}, .finish = is_up,
     .sc = MODEL_ALL, .weak = MODEL_ALL},
    {.name = "pulse", .setup = setup_begun, .thread = {wait_begun, pulse}, .sc = MODEL_ALL,
     .weak = MODEL_ALL, .spurious = 1},
    {.name = "late", .setup = zero, .thread = {wait_late, wait_any, only_set}, .finish = is_up,
     .sc = MODEL_ALL, .weak = 2, .timeouts = 1},
    {.name = "clear", .setup = zero, .thread = {look, clear, set_data}, .sc = MODEL_ALL,
     .weak = MODEL_ALL},
};
MODEL_MAIN(tests)
