/* The row: order and answers by hand, then that each answer reaches exactly one waiter. */
#include "sync/ac_waitlist.h"

#include "check.h"

static void test_first_come_first_served(void) {
    ac_waitlist list = {0};
    ac_waiter *w[3];
    for (int i = 0; i < 3; i++) {
        w[i] = ac_waiter_new(0, 0);
        ac_waitlist_enter(&list, w[i], 0);
    }
    CHECK(ac_waitlist_count(&list) == 3);
    CHECK(ac_waitlist_wake(&list, 1, 5, 0) == 1);
    CHECK(ac_waiter_prepare(w[0]) == 5 && ac_waiter_prepare(w[1]) == 0);
    CHECK(ac_waitlist_leave(&list, w[1], 0) == 0); /* from the middle */
    CHECK(ac_waitlist_wake(&list, 9, 6, 0) == 1);
    CHECK(ac_waiter_prepare(w[1]) == 0 && ac_waiter_prepare(w[2]) == 6);
    CHECK(ac_waitlist_leave(&list, w[2], 0) == 6); /* who was answered learns it */
    CHECK(ac_waitlist_count(&list) == 0 && list.head == NULL && list.tail == NULL);
    for (int i = 0; i < 3; i++) ac_waiter_free(w[i]);
}

static void test_a_fork_empties_the_row(void) {
    ac_waitlist list = {0};
    ac_waiter *const old = ac_waiter_new(0, 0), *const young = ac_waiter_new(0, 0);
    ac_waitlist_enter(&list, old, 0);
    ac_waitlist_enter(&list, young, 1); /* the child */
    CHECK(ac_waitlist_count(&list) == 1 && list.head == young);
    CHECK(ac_waitlist_leave(&list, old, 1) == 0); /* it is in no row: nothing is unlinked */
    CHECK(ac_waitlist_wake(&list, 2, AC_WAITER_ANSWER, 1) == 1);
    ac_waiter_free(old);
    ac_waiter_free(young);
}

static void test_more_wakes_than_one_load(void) {
    ac_waitlist list = {0};
    ac_waiter *w[AC_WAKES * 2 + 3];
    const int count = (int)(sizeof w / sizeof w[0]);
    for (int i = 0; i < count; i++) {
        w[i] = ac_waiter_new(0, 0);
        ac_waitlist_enter(&list, w[i], 0);
        CHECK(ac_waiter_prepare(w[i]) == 0); /* ASLEEP: each needs a wake */
    }
    CHECK(ac_waitlist_wake(&list, UINT32_MAX, AC_WAITER_ANSWER, 0) == (uint32_t)count);
    for (int i = 0; i < count; i++) {
        CHECK(ac_waiter_prepare(w[i]) == AC_WAITER_ANSWER);
        ac_waiter_free(w[i]);
    }
}

/* Waiters, some of which leave at a deadline, and one that answers as many as there are calls: what
 * was answered is what was heard. */
typedef struct shared {
    ac_waitlist list;
    ac_atomic_u64 heard, told, waiting;
    uint64_t rounds;
} shared;

typedef struct role {
    shared *s;
    bool tells;
} role;

static void *play(void *arg) {
    const role *const r = arg;
    shared *const s = r->s;
    if (r->tells) {
        while (ac_load_acquire(&s->waiting) > 0) {
            const uint64_t done = ac_waitlist_wake(&s->list, 2, AC_WAITER_ANSWER, 0);
            ac_fetch_add_relaxed(&s->told, done);
            if (done == 0) sched_yield();
        }
        return NULL;
    }
    for (uint64_t i = 0; i < s->rounds; i++) {
        ac_waiter *const w = ac_waiter_new(0, 0);
        CHECK(w != NULL);
        const int64_t deadline = i % 2 ? AC_FOREVER : ac_now_ns() + 5000;
        ac_waitlist_enter(&s->list, w, 0);
        ac_waiter_spin(&s->list, w, deadline);
        uint32_t answer;
        while ((answer = ac_waiter_prepare(w)) == 0 && ac_now_ns() < deadline)
            ac_wait(&w->word, AC_WAITER_ASLEEP, deadline, AC_WAIT_PRIVATE);
        if (answer == 0) answer = ac_waitlist_leave(&s->list, w, 0);
        ac_waiter_free(w);
        if (answer != 0) ac_fetch_add_relaxed(&s->heard, UINT64_C(1));
    }
    ac_fetch_add_acq_rel(&s->waiting, (uint64_t)-1);
    return NULL;
}

static void test_what_was_told_is_heard(void) {
    shared s;
    memset(&s, 0, sizeof s);
    s.rounds = check_scale(5000);
    ac_store_relaxed(&s.waiting, UINT64_C(4));
    role roles[5] = {{&s, false}, {&s, false}, {&s, false}, {&s, false}, {&s, true}};
    check_threads(5, play, roles, sizeof roles[0]);
    CHECK(ac_load_relaxed(&s.heard) == ac_load_relaxed(&s.told));
    CHECK(ac_waitlist_count(&s.list) == 0);
}

int main(void) {
    RUN(test_first_come_first_served);
    RUN(test_a_fork_empties_the_row);
    RUN(test_more_wakes_than_one_load);
    RUN(test_what_was_told_is_heard);
    return 0;
}
