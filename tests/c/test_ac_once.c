/* Once: its steps by hand, then that exactly one run ends well. */
#include "sync/ac_once.h"

#include "check.h"

#include <sched.h>

static void test_the_steps(void) {
    ac_once o = {0};
    CHECK(ac_once_begin(&o, 1, 0, 0) == AC_ONCE_RUN);
    CHECK(ac_once_begin(&o, 1, 0, 0) == AC_ONCE_RECURSION);
    CHECK(ac_once_begin(&o, 2, 0, 0) == AC_ONCE_WAIT && !ac_once_is_done(&o));
    ac_once_end(&o, false);
    CHECK(ac_once_begin(&o, 2, 0, 0) == AC_ONCE_RUN);
    ac_once_end(&o, true);
    CHECK(ac_once_begin(&o, 3, 0, 0) == AC_ONCE_DONE && ac_once_is_done(&o));
}

static void test_a_child_runs_what_another_thread_of_its_parent_ran(void) {
    ac_once o = {0};
    CHECK(ac_once_begin(&o, 1, 0, 0) == AC_ONCE_RUN);
    CHECK(ac_once_begin(&o, 2, 2, 1) == AC_ONCE_RUN); /* thread 2 forked, and is in the child */
    ac_once p = {0};
    CHECK(ac_once_begin(&p, 1, 0, 0) == AC_ONCE_RUN);
    CHECK(ac_once_begin(&p, 2, 1, 1) == AC_ONCE_WAIT); /* the runner itself forked */
}

typedef struct shared {
    ac_once once;
    ac_atomic_u64 names;
    uint64_t plain; /* by the run alone */
    ac_atomic_u64 tries, inside;
} shared;

static void *play(void *arg) {
    shared *const s = *(shared **)arg;
    const uint64_t me = ac_fetch_add_relaxed(&s->names, UINT64_C(1)) + 1;
    for (;;) {
        const uint32_t key = ac_ec_prepare(&s->once.ended);
        const ac_once_step step = ac_once_begin(&s->once, me, 0, 0);
        if (step == AC_ONCE_DONE) break;
        if (step == AC_ONCE_WAIT) {
            ac_ec_wait(&s->once.ended, key, AC_FOREVER, AC_WAIT_PRIVATE);
            continue;
        }
        CHECK(step == AC_ONCE_RUN && ac_fetch_add_seq_cst(&s->inside, UINT64_C(1)) == 0);
        const bool well = ac_fetch_add_relaxed(&s->tries, UINT64_C(1)) == 1; /* the second try */
        for (int i = 0; i < 5; i++) sched_yield(); /* others come meanwhile, and sleep */
        if (well) s->plain = 7;
        ac_fetch_add_seq_cst(&s->inside, (uint64_t)-1);
        ac_once_end(&s->once, well);
    }
    CHECK(s->plain == 7);
    return NULL;
}

static void test_one_run_ends_well(void) {
    for (uint64_t i = 0; i < check_scale(300); i++) {
        shared s;
        memset(&s, 0, sizeof s);
        shared *all[4] = {&s, &s, &s, &s};
        check_threads(4, play, all, sizeof all[0]);
        CHECK(ac_load_relaxed(&s.tries) == 2);
    }
}

int main(void) {
    RUN(test_the_steps);
    RUN(test_a_child_runs_what_another_thread_of_its_parent_ran);
    RUN(test_one_run_ends_well);
    return 0;
}
