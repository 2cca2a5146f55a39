/* The semaphore: its bounds by hand, then that no permit is lost, doubled or slept through. */
#include "sync/ac_semaphore.h"

#include "check.h"

static void test_permits_are_counted(void) {
    ac_semaphore s = {0};
    CHECK(!ac_semaphore_try_acquire(&s)); /* not initialised: none, and room for none */
    CHECK(ac_semaphore_release(&s, 1) == AC_FULL);
    ac_semaphore_init(&s, 2, 3);
    CHECK(ac_semaphore_try_acquire(&s) && ac_semaphore_try_acquire(&s));
    CHECK(!ac_semaphore_try_acquire(&s));
    CHECK(ac_semaphore_release(&s, 4) == AC_FULL && ac_semaphore_value(&s) == 0);
    CHECK(ac_semaphore_release(&s, UINT64_MAX) == AC_FULL);
    CHECK(ac_semaphore_release(&s, 3) == AC_OK && ac_semaphore_value(&s) == 3);
    CHECK(ac_semaphore_release(&s, 1) == AC_FULL && ac_semaphore_value(&s) == 3);
}

typedef struct shared {
    ac_semaphore s;
    ac_atomic_i64 inside;
    uint64_t rounds;
    int permits;
} shared;

static bool acquire(ac_semaphore *s, int64_t deadline) {
    bool slept = false, taken;
    ac_semaphore_spin(s, deadline);
    for (;;) {
        const uint32_t key = ac_ec_prepare(&s->freed);
        taken = ac_semaphore_try_acquire(s);
        if (taken || ac_now_ns() >= deadline) break;
        slept = true;
        ac_ec_wait(&s->freed, key, deadline, AC_WAIT_PRIVATE);
    }
    if (slept) ac_semaphore_pass(s);
    return taken;
}

static void *play(void *arg) {
    shared *const t = *(shared **)arg;
    for (uint64_t i = 0; i < t->rounds; i++) {
        /* some leave by their deadline; a wake that chose them must not be lost */
        if (!acquire(&t->s, i % 3 ? AC_FOREVER : ac_now_ns() + 20000)) continue;
        CHECK(ac_fetch_add_seq_cst(&t->inside, 1) < t->permits);
        ac_fetch_add_seq_cst(&t->inside, -1);
        CHECK(ac_semaphore_release(&t->s, 1) == AC_OK);
    }
    return NULL;
}

static void test_never_more_inside_than_permits(void) {
    for (int permits = 1; permits <= 3; permits++) {
        shared t;
        memset(&t, 0, sizeof t);
        ac_semaphore_init(&t.s, (uint64_t)permits, (uint64_t)permits);
        t.rounds = check_scale(10000);
        t.permits = permits;
        shared *all[5] = {&t, &t, &t, &t, &t};
        check_threads(5, play, all, sizeof all[0]);
        CHECK(ac_semaphore_value(&t.s) == (uint64_t)permits);
    }
}

int main(void) {
    RUN(test_permits_are_counted);
    RUN(test_never_more_inside_than_permits);
    return 0;
}
