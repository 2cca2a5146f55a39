/* The event: its word by hand, then that nobody sleeps through a set. */
#include "sync/ac_event.h"

#include "check.h"

static void test_the_states_of_the_word(void) {
    ac_event e = {0};
    CHECK(!ac_event_is_set(&e) && !ac_event_clear(&e));
    CHECK(!ac_event_set(&e) && ac_event_set(&e) && ac_event_is_set(&e));
    CHECK(ac_load_relaxed(&e.word) == (AC_EVENT_SET | AC_EVENT_GENERATION_ONE));
    CHECK(ac_event_clear(&e) && !ac_event_is_set(&e));
}

static void test_a_waiter_knows_that_the_flag_was_up(void) {
    ac_event e = {0};
    const uint32_t first = ac_event_look(&e);
    CHECK(ac_event_prepare(&e, first) == AC_EVENT_SLEEPERS);
    ac_event_set(&e);
    ac_event_clear(&e);
    CHECK(ac_event_prepare(&e, first) == 0);
    CHECK(ac_load_relaxed(&e.word) == AC_EVENT_GENERATION_ONE); /* the mark is gone with the set */
}

typedef struct pair {
    ac_event there, back;
    uint64_t rounds;
    uint64_t plain; /* ordered by the events alone */
} pair;

static void await(ac_event *e) {
    const uint32_t first = ac_event_look(e);
    uint32_t key;
    if (ac_event_is_set(e)) return;
    ac_event_spin(e, first, AC_FOREVER);
    while ((key = ac_event_prepare(e, first)) != 0) ac_wait(&e->word, key, AC_FOREVER, AC_WAIT_PRIVATE);
}

static void *ping(void *arg) {
    pair *const p = *(pair **)arg;
    for (uint64_t i = 0; i < p->rounds; i++) {
        CHECK(p->plain == 2 * i);
        p->plain++;
        ac_event_set(&p->there);
        await(&p->back);
        ac_event_clear(&p->back);
    }
    return NULL;
}

static void *pong(pair *p) {
    for (uint64_t i = 0; i < p->rounds; i++) {
        await(&p->there);
        ac_event_clear(&p->there);
        CHECK(p->plain == 2 * i + 1);
        p->plain++;
        ac_event_set(&p->back);
    }
    return NULL;
}

static void test_two_threads_play_ping_pong(void) {
    pair p, *all = &p;
    memset(&p, 0, sizeof p);
    p.rounds = check_scale(20000);
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, ping, &all) == 0);
    pong(&p);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(p.plain == 2 * p.rounds);
}

static void *wait_once(void *arg) {
    await(*(ac_event **)arg);
    return NULL;
}

static void *set_and_clear(void *arg) {
    ac_event *const e = *(ac_event **)arg;
    while (!(ac_load_relaxed(&e->word) & AC_EVENT_SLEEPERS)) sched_yield();
    ac_event_set(e);
    return NULL;
}

typedef struct role {
    ac_event *e; /* first: the waiters take the address of it */
    bool sets;
} role;

static void *either(void *arg) {
    return ((role *)arg)->sets ? set_and_clear(arg) : wait_once(arg);
}

static void test_a_set_wakes_all(void) {
    for (uint64_t i = 0; i < check_scale(200); i++) {
        ac_event e = {0};
        role roles[5] = {{&e, false}, {&e, false}, {&e, false}, {&e, false}, {&e, true}};
        check_threads(5, either, roles, sizeof roles[0]);
    }
}

int main(void) {
    RUN(test_the_states_of_the_word);
    RUN(test_a_waiter_knows_that_the_flag_was_up);
    RUN(test_two_threads_play_ping_pong);
    RUN(test_a_set_wakes_all);
    return 0;
}
