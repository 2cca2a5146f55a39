/* shared_sem.c - ac_shared_sem.h under the checker; threads stand for processes, and some are killed. */
#include "shm/ac_shared_sem.h"

#define SLICE 5 /* a deadline that comes when nothing else can */

static ac_shared_sem s;
static uint32_t data, taken[4];
static ac_atomic_u32 inside;

static void begin(uint32_t value, uint32_t limit) {
    memset(&s, 0, sizeof s);
    ac_shared_sem_init(&s, value, limit);
    ac_store_relaxed(&inside, 0);
    data = 0;
    memset(taken, 0, sizeof taken);
}
static void none(void) { begin(0, AC_SHARED_SEM_MAX); }
static void one(void) { begin(1, 1); }

/* The callers' loop. One who leaves by its deadline has looked (prepare) after its sleep. */
static bool acquire(int64_t deadline) {
    if (ac_shared_sem_try(&s)) return true;
    for (bool late = false; !ac_shared_sem_prepare(&s);) {
        if (late) return false;
        late = ac_shared_sem_sleep(&s, deadline) == AC_WAIT_TIMEOUT;
    }
    return true;
}
static void take(void) { MODEL_CHECK(acquire(AC_FOREVER)); }
static void take_or_leave(void) { (void)acquire(6); }
static void give(void) { MODEL_CHECK(ac_shared_sem_release(&s) == AC_OK); }
static void give_twice(void) { give(); give(); }
static void section(void) {
    take();
    MODEL_CHECK(ac_fetch_add_relaxed(&inside, 1) == 0);
    data++;
    ac_fetch_sub_relaxed(&inside, 1);
    give();
}
/* A waiter that leaves after its sleep, by an exception, hands a wake on. */
static void interrupted(void) {
    if (ac_shared_sem_try(&s) || ac_shared_sem_prepare(&s)) {
        give();
        return;
    }
    (void)ac_shared_sem_sleep(&s, AC_FOREVER);
    ac_shared_sem_pass(&s);
}
static void try_full(void) { taken[model_self()] = ac_shared_sem_release(&s) == AC_OK; }
static void drained(void) { MODEL_CHECK(ac_shared_sem_value(&s) == 0); }
static void back(void) { MODEL_CHECK(ac_shared_sem_value(&s) == 1 && ac_shared_sem_release(&s) != AC_OK); }
static void one_left(void) { MODEL_CHECK(ac_shared_sem_value(&s) == 1); }
static void at_most_one(void) { MODEL_CHECK(ac_shared_sem_value(&s) <= 1); }
static void data_back(void) { back(); MODEL_CHECK(data == 2); }
static void empty1(void) { begin(0, 1); }
static void one_fits(void) { one_left(); MODEL_CHECK(taken[1] + taken[2] == 1); }

/* Killed anywhere: no permit is made, and one that is there is found, at the latest after a slice. */
static void take_sliced(void) {
    bool got = ac_shared_sem_try(&s);
    while (!got) {
        const bool last = model_is_dead(3);
        got = ac_shared_sem_prepare(&s);
        if (got || last) break;
        (void)ac_shared_sem_sleep(&s, SLICE);
    }
    taken[model_self()] = got;
}
static void permits_kept(void) {
    const uint32_t value = ac_shared_sem_value(&s);
    if (!model_is_dead(2) && !model_is_dead(3)) MODEL_CHECK(taken[1] + taken[2] + value == 2);
    MODEL_CHECK(taken[1] + taken[2] + value <= 2);
    MODEL_CHECK(taken[1] || (model_is_dead(3) && value == 0));
}

static const model_test tests[] = {
    {.name = "hand_over", .setup = none, .thread = {take, give}, .finish = drained, .sc = MODEL_ALL,
     .weak = MODEL_ALL, .spurious = 1},
    {.name = "baton", .setup = none, .thread = {take, take, give_twice}, .finish = drained, .sc = 3,
     .weak = 2},
    {.name = "lock", .setup = one, .thread = {section, section}, .finish = data_back, .sc = MODEL_ALL,
     .weak = 3},
    {.name = "interrupted", .setup = none, .thread = {take, interrupted, give_twice}, .finish = one_left,
     .sc = 2, .weak = 1},
    {.name = "late", .setup = none, .thread = {take, take_or_leave, give_twice}, .finish = at_most_one,
     .sc = 2, .weak = 1, .timeouts = 1},
    {.name = "limit", .setup = empty1, .thread = {try_full, try_full}, .finish = one_fits, .sc = MODEL_ALL,
     .weak = MODEL_ALL},
    {.name = "killed", .setup = none, .thread = {take_sliced, take_sliced, give_twice},
     .finish = permits_kept, .sc = 2, .weak = 1, .mortal = 1u << 2 | 1u << 3},
};
MODEL_MAIN(tests)
