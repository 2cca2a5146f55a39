/* The re-entrant lock: owner and depth by hand, then that it excludes and loses no sleeper. */
#include "sync/ac_relock.h"

#include "check.h"

#include <sched.h>

static void test_depth_and_owner(void) {
    ac_relock l = {0};
    CHECK(ac_relock_try(&l, 1) && ac_relock_try(&l, 1) && !ac_relock_try(&l, 2));
    CHECK(ac_relock_is_owned(&l, 1) && ac_relock_owner(&l) == 1 && ac_relock_depth(&l) == 2);
    ac_relock_unlock(&l);
    CHECK(!ac_relock_try(&l, 2));
    ac_relock_unlock(&l);
    CHECK(ac_relock_try(&l, 2) && ac_relock_try(&l, 2) && ac_relock_try(&l, 2));
    CHECK(ac_relock_save(&l) == 3 && ac_relock_owner(&l) == 0);
    CHECK(ac_relock_try(&l, 2));
    ac_relock_restore(&l, 3);
    CHECK(ac_relock_depth(&l) == 3);
    ac_relock_reset(&l);
    CHECK(ac_relock_try(&l, 1));
}

static void test_a_waiter_that_leaves_hands_its_duty_on(void) {
    ac_relock l = {0};
    ac_relock_try(&l, 1);
    CHECK(!ac_relock_prepare(&l, 2)); /* announces */
    ac_relock_save(&l);               /* wakes it */
    ac_relock_try(&l, 1);             /* but somebody is faster */
    ac_relock_pass(&l);               /* and it leaves: the holder is told of the others */
    CHECK(ac_load_relaxed(&l.word) == AC_RELOCK_CONTENDED);
}

typedef struct shared {
    ac_relock lock;
    ac_atomic_u64 names;
    uint64_t plain; /* protected by the lock alone */
    uint64_t rounds;
    ac_atomic_u64 times;
} shared;

static bool take(ac_relock *l, uint64_t me, int64_t deadline) {
    bool slept = false;
    if (ac_relock_try(l, me)) return true;
    ac_relock_spin(l, deadline);
    while (!ac_relock_prepare(l, me)) {
        if (ac_now_ns() >= deadline) {
            if (slept) ac_relock_pass(l);
            return false;
        }
        slept = true;
        ac_wait(&l->word, AC_RELOCK_CONTENDED, deadline, AC_WAIT_PRIVATE);
    }
    return true;
}

static void *play(void *arg) {
    shared *const s = *(shared **)arg;
    const uint64_t me = ac_fetch_add_relaxed(&s->names, UINT64_C(1)) + 1;
    for (uint64_t i = 0; i < s->rounds; i++) {
        if (!take(&s->lock, me, i % 4 ? AC_FOREVER : ac_now_ns() + 10000)) continue;
        CHECK(take(&s->lock, me, AC_FOREVER));
        const uint64_t seen = s->plain;
        if (i % 64 == 0) sched_yield(); /* others come meanwhile */
        s->plain = seen + 1;
        ac_fetch_add_relaxed(&s->times, UINT64_C(1));
        ac_relock_unlock(&s->lock);
        ac_relock_unlock(&s->lock);
    }
    return NULL;
}

static void test_one_thread_at_a_time_is_inside(void) {
    shared s;
    memset(&s, 0, sizeof s);
    s.rounds = check_scale(20000);
    shared *all[4] = {&s, &s, &s, &s};
    check_threads(4, play, all, sizeof all[0]);
    CHECK(s.plain == ac_load_relaxed(&s.times));
}

int main(void) {
    RUN(test_depth_and_owner);
    RUN(test_a_waiter_that_leaves_hands_its_duty_on);
    RUN(test_one_thread_at_a_time_is_inside);
    return 0;
}
