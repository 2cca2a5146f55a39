/* semaphore.c - ac_semaphore.h under the checker, with the callers' loop (sync_semaphores.pxi). */
#include "sync/ac_semaphore.h"

static ac_semaphore s;
static uint32_t data;
static ac_atomic_u32 inside;

static void begin(uint64_t value, uint64_t limit) {
    memset(&s, 0, sizeof s);
    ac_semaphore_init(&s, value, limit);
    ac_store_relaxed(&inside, 0);
    data = 0;
}
static void none(void) { begin(0, AC_SEMAPHORE_MAX); }
static void one(void) { begin(1, 1); }

static bool acquire(int64_t deadline) {
    bool slept = false, late = false, taken = ac_semaphore_try_acquire(&s);
    while (!taken) {
        const uint32_t key = ac_ec_prepare(&s.freed);
        taken = ac_semaphore_try_acquire(&s);
        if (taken || late) break;
        late = ac_ec_wait(&s.freed, key, deadline, AC_WAIT_PRIVATE) == AC_WAIT_TIMEOUT;
        slept = true;
    }
    if (slept) ac_semaphore_pass(&s);
    return taken;
}
static void take(void) { MODEL_CHECK(acquire(AC_FOREVER)); }
static void take_or_leave(void) { (void)acquire(5); }
static void give(void) { MODEL_CHECK(ac_semaphore_release(&s, 1) == AC_OK); }
static void give_twice(void) { give(); give(); }
static void give_two(void) { MODEL_CHECK(ac_semaphore_release(&s, 2) == AC_OK); }
/* As a lock: what is written inside is seen by the next inside. */
static void section(void) {
    take();
    MODEL_CHECK(ac_fetch_add_relaxed(&inside, 1) == 0);
    data++;
    ac_fetch_sub_relaxed(&inside, 1);
    give();
}
static void drained(void) { MODEL_CHECK(ac_semaphore_value(&s) == 0); }
static void back(void) { MODEL_CHECK(ac_semaphore_value(&s) == 1 && ac_semaphore_release(&s, 1) == AC_FULL); }
static void at_most_one(void) { MODEL_CHECK(ac_semaphore_value(&s) <= 1); }
static void data_back(void) { back(); MODEL_CHECK(data == 2); }
static void try_full(void) { (void)ac_semaphore_release(&s, 1); }

static const model_test tests[] = {
    {.name = "hand_over", .setup = none, .thread = {take, give}, .finish = drained, .sc = MODEL_ALL,
     .weak = MODEL_ALL, .spurious = 1},
    {.name = "baton", .setup = none, .thread = {take, take, give_twice}, .finish = drained, .sc = 3,
     .weak = 2},
    {.name = "both", .setup = none, .thread = {take, take, give_two}, .finish = drained, .sc = 3,
     .weak = 2},
    {.name = "lock", .setup = one, .thread = {section, section}, .finish = data_back,
     .sc = MODEL_ALL, .weak = 3},
    {.name = "late", .setup = none, .thread = {take, take_or_leave, give_twice}, .finish = at_most_one,
     .sc = 2, .weak = 1, .timeouts = 1},
    {.name = "limit", .setup = one, .thread = {try_full, try_full}, .finish = back, .sc = MODEL_ALL,
     .weak = MODEL_ALL},
};
MODEL_MAIN(tests)
