/* Permits without owners: the states of the word by hand, then that none is lost or doubled. */
#include "shm/ac_shared_sem.h"

#include "check.h"

#include <sched.h>

static void test_it_counts(void) {
    ac_shared_sem s;
    ac_shared_sem_init(&s, 2, 3);
    CHECK(ac_shared_sem_try(&s) && ac_shared_sem_try(&s) && !ac_shared_sem_try(&s));
    for (int i = 0; i < 3; i++) CHECK(ac_shared_sem_release(&s) == AC_OK);
    CHECK(ac_shared_sem_release(&s) == AC_FULL && ac_shared_sem_value(&s) == 3);
    ac_shared_sem_init(&s, AC_SHARED_SEM_MAX, AC_SHARED_SEM_MAX);
    CHECK(ac_shared_sem_release(&s) == AC_FULL);
    CHECK(ac_shared_sem_try(&s) && ac_shared_sem_value(&s) == AC_SHARED_SEM_MAX - 1);
}

static void test_the_flag(void) {
    ac_shared_sem s;
    ac_shared_sem_init(&s, 0, AC_SHARED_SEM_MAX);
    CHECK(!ac_shared_sem_prepare(&s) && ac_load_relaxed(&s.word) == AC_SHARED_SEM_SLEEPERS);
    CHECK(!ac_shared_sem_prepare(&s)); /* a second sleeper */
    CHECK(ac_shared_sem_release(&s) == AC_OK && ac_load_relaxed(&s.word) == 1);
    CHECK(ac_shared_sem_sleep(&s, AC_FOREVER) == AC_WAIT_CHANGED); /* a release came in between */
    CHECK(ac_shared_sem_release(&s) == AC_OK); /* sees no flag, and wakes nobody */
    CHECK(ac_shared_sem_prepare(&s));          /* the woken one puts it up again, and wakes the next */
    CHECK(ac_load_relaxed(&s.word) == (1 | AC_SHARED_SEM_SLEEPERS));
    CHECK(ac_shared_sem_try(&s) && ac_load_relaxed(&s.word) == AC_SHARED_SEM_SLEEPERS);
}

static void test_who_leaves_passes_the_wake_on(void) {
    ac_shared_sem s;
    ac_shared_sem_init(&s, 0, AC_SHARED_SEM_MAX);
    ac_shared_sem_pass(&s); /* a thief has the permit: its release is to wake one */
    CHECK(ac_load_relaxed(&s.word) == AC_SHARED_SEM_SLEEPERS);
    CHECK(ac_shared_sem_release(&s) == AC_OK);
    ac_shared_sem_pass(&s);
    CHECK(ac_shared_sem_value(&s) == 1);
}

typedef struct party {
    ac_shared_sem *sem;
    uint64_t times;
    bool gives;
} party;

static void *work(void *arg) {
    party *const p = arg;
    for (uint64_t i = 0; i < p->times; i++) {
        if (p->gives) {
            CHECK(ac_shared_sem_release(p->sem) == AC_OK);
            /* Now and then all is taken first, so that the takers sleep. */
            const int64_t until = ac_now_ns() + 5 * AC_NS_PER_S;
            while (i % 16 == 0 && ac_shared_sem_value(p->sem) > 0) {
                sched_yield();
                CHECK(ac_now_ns() < until);
            }
        } else {
            const int64_t begin = ac_now_ns();
            while (!ac_shared_sem_prepare(p->sem)) {
                ac_shared_sem_sleep(p->sem, ac_now_ns() + 20 * AC_NS_PER_S);
                CHECK(ac_now_ns() - begin < 10 * AC_NS_PER_S); /* a lost wake */
            }
        }
    }
    return NULL;
}

/* Nobody sleeps in slices here: a wake that is lost, is lost. */
static void test_no_wake_is_lost(void) {
    ac_shared_sem s;
    ac_shared_sem_init(&s, 0, AC_SHARED_SEM_MAX);
    const uint64_t times = check_scale(30000);
    party parties[6];
    for (int i = 0; i < 6; i++) parties[i] = (party){.sem = &s, .times = times, .gives = i % 2 == 0};
    check_threads(6, work, parties, sizeof parties[0]);
    CHECK(ac_shared_sem_value(&s) == 0);
}

int main(void) {
    RUN(test_it_counts);
    RUN(test_the_flag);
    RUN(test_who_leaves_passes_the_wake_on);
    RUN(test_no_wake_is_lost);
    return 0;
}
