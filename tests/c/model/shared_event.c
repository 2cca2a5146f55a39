/* shared_event.c - ac_shared_event.h under the checker; threads stand for processes, one is killed. */
#include "shm/ac_shared_event.h"

#define SLICE 5 /* a deadline that comes when nothing else can */

static ac_shared_event e;
static uint32_t data, begun, over;
static ac_atomic_u32 said;

static void zero(void) {
    ac_store_relaxed(&e.word, 0);
    ac_store_relaxed(&said, 0);
    data = over = 0;
}
static void setup_begun(void) { zero(); begun = ac_shared_event_look(&e); }
static void setup_up(void) { zero(); ac_shared_event_set(&e); }

static bool wait_until(int64_t deadline) {
    const uint32_t first = ac_shared_event_look(&e);
    uint32_t key;
    while ((key = ac_shared_event_prepare(&e, first)) != 0)
        if (ac_wait(&e.word, key, deadline, AC_WAIT_SHARED) == AC_WAIT_TIMEOUT) return false;
    return true;
}
static void wait_set(void) { MODEL_CHECK(wait_until(AC_FOREVER) && data == 1); }
static void wait_any(void) { MODEL_CHECK(wait_until(AC_FOREVER)); }
static void wait_late(void) { (void)wait_until(6); }
static void wait_begun(void) {
    uint32_t key;
    while ((key = ac_shared_event_prepare(&e, begun)) != 0) ac_wait(&e.word, key, AC_FOREVER, AC_WAIT_SHARED);
}
static void set(void) { data = 1; ac_shared_event_set(&e); }
static void set_again(void) { set(); ac_shared_event_set(&e); }
static void only_set(void) { ac_shared_event_set(&e); }
static void pulse(void) { ac_shared_event_set(&e); ac_shared_event_clear(&e); }
static void clear(void) { ac_shared_event_clear(&e); }
static void look(void) { if (ac_shared_event_is_set(&e)) (void)*(volatile uint32_t *)&data; }
static void is_up(void) { MODEL_CHECK(ac_shared_event_is_set(&e)); }
/* A flag that was up already still hands over what came before the second set. */
static void set_and_say(void) { set(); ac_store_relaxed(&said, 1); }
static void clear_if_said(void) {
    if (!ac_load_relaxed(&said)) return;
    ac_shared_event_clear(&e);
    MODEL_CHECK(data == 1);
}
/* Killed between the swap and the wake: the sleeper finds the flag after its slice. */
static void wait_sliced(void) {
    const uint32_t first = ac_shared_event_look(&e);
    for (;;) {
        const bool last = model_is_dead(2);
        const uint32_t key = ac_shared_event_prepare(&e, first);
        over = key == 0;
        if (over || last) return;
        (void)ac_wait(&e.word, key, SLICE, AC_WAIT_SHARED);
    }
}
static void over_if_set(void) {
    MODEL_CHECK(over == ac_shared_event_is_set(&e) && (over || model_is_dead(2)));
}

static const model_test tests[] = {
    {.name = "set", .setup = zero, .thread = {wait_set, set}, .finish = is_up, .sc = MODEL_ALL,
     .weak = MODEL_ALL, .spurious = 1},
    {.name = "two_wait", .setup = zero, .thread = {wait_set, wait_set, set}, .finish = is_up,
     .sc = MODEL_ALL, .weak = 1},
    {.name = "again", .setup = zero, .thread = {wait_set, set_again}, .finish = is_up, .sc = MODEL_ALL,
     .weak = MODEL_ALL},
    {.name = "pulse", .setup = setup_begun, .thread = {wait_begun, pulse}, .sc = MODEL_ALL,
     .weak = MODEL_ALL, .spurious = 1},
    {.name = "two_pulsed", .setup = setup_begun, .thread = {wait_begun, wait_begun, pulse}, .sc = 3, .weak = 1},
    {.name = "late", .setup = zero, .thread = {wait_late, wait_any, only_set}, .finish = is_up,
     .sc = MODEL_ALL, .weak = 1, .timeouts = 1},
    {.name = "clear", .setup = zero, .thread = {look, clear, set}, .sc = MODEL_ALL, .weak = MODEL_ALL},
    {.name = "clear_is_one_step", .setup = setup_begun, .thread = {wait_begun, clear, only_set},
     .sc = MODEL_ALL, .weak = 2},
    {.name = "up_already", .setup = setup_up, .thread = {set_and_say, clear_if_said}, .sc = MODEL_ALL,
     .weak = MODEL_ALL},
    {.name = "killed", .setup = zero, .thread = {wait_sliced, only_set}, .finish = over_if_set,
     .sc = MODEL_ALL, .weak = MODEL_ALL, .mortal = 1u << 2},
};
MODEL_MAIN(tests)
