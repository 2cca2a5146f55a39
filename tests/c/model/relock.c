/* relock.c - ac_relock.h under the checker, with the callers' loop (src/allcores/_native/sync_locks.pxi). */
#include "sync/ac_relock.h"

static ac_relock l;
static uint32_t count, given_up;

static void zero(void) { memset(&l, 0, sizeof l); count = given_up = 0; }

static bool lock(int64_t deadline) {
    const uint64_t me = (uint64_t)model_self();
    bool slept = false;
    if (ac_relock_try(&l, me)) return true;
    (void)ac_relock_spin(&l, deadline);
    for (;;) {
        if (ac_relock_prepare(&l, me)) return true;
        if (slept && deadline != AC_FOREVER) break;
        ac_wait(&l.word, AC_RELOCK_CONTENDED, deadline, AC_WAIT_PRIVATE);
        slept = true;
    }
    ac_relock_pass(&l);
    return false;
}
static void once(void) {
    MODEL_CHECK(lock(AC_FOREVER));
    MODEL_CHECK(ac_relock_is_owned(&l, (uint64_t)model_self()) && ac_relock_depth(&l) == 1);
    count++;
    ac_relock_unlock(&l);
    MODEL_CHECK(!ac_relock_is_owned(&l, (uint64_t)model_self()));
}
static void nested(void) {
    MODEL_CHECK(lock(AC_FOREVER));
    MODEL_CHECK(lock(AC_FOREVER));
    MODEL_CHECK(ac_relock_depth(&l) == 2);
    ac_relock_unlock(&l);
    MODEL_CHECK(ac_relock_is_owned(&l, (uint64_t)model_self()));
    count++;
    ac_relock_unlock(&l);
}
/* All levels given back and taken again, as a condition's wait does. */
static void saved(void) {
    MODEL_CHECK(lock(AC_FOREVER) && lock(AC_FOREVER));
    const uint64_t depth = ac_relock_save(&l);
    MODEL_CHECK(depth == 2 && lock(AC_FOREVER));
    ac_relock_restore(&l, depth);
    MODEL_CHECK(ac_relock_depth(&l) == 2);
    count++;
    ac_relock_unlock(&l);
    ac_relock_unlock(&l);
}
/* Slept, woken or late, and leaves without the lock: the others must not be forgotten. */
static void give_up(void) {
    if (lock(5)) ac_relock_unlock(&l);
}
/* The same, woken and leaving although the lock could be had: as for an exception. */
static void leave(void) {
    const uint64_t me = (uint64_t)model_self();
    if (ac_relock_try(&l, me) || ac_relock_prepare(&l, me)) {
        ac_relock_unlock(&l);
        return;
    }
    ac_wait(&l.word, AC_RELOCK_CONTENDED, AC_FOREVER, AC_WAIT_PRIVATE);
    ac_relock_pass(&l);
}
static void one(void) { MODEL_CHECK(count == 1 && ac_relock_owner(&l) == 0); }
static void two(void) { MODEL_CHECK(count == 2 && ac_relock_owner(&l) == 0); }
static void three(void) { MODEL_CHECK(count == 3 && ac_relock_owner(&l) == 0); }
static void hold(void) { once(); }

static const model_test tests[] = {
    {.name = "two", .setup = zero, .thread = {once, nested}, .finish = two, .sc = MODEL_ALL,
     .weak = 2, .spurious = 1},
    {.name = "three", .setup = zero, .thread = {once, once, once}, .finish = three, .sc = 2, .weak = 1},
    {.name = "saved", .setup = zero, .thread = {saved, once}, .finish = two, .sc = 3, .weak = 2},
    {.name = "give_up", .setup = zero, .thread = {hold, give_up, once}, .finish = two, .sc = 2,
     .weak = 1, .timeouts = 1},
    {.name = "leave", .setup = zero, .thread = {hold, leave, once}, .finish = two, .sc = 2, .weak = 1},
    {.name = "alone", .setup = zero, .thread = {nested, give_up}, .finish = one, .sc = MODEL_ALL,
     .weak = 2, .timeouts = 1},
};
MODEL_MAIN(tests)
