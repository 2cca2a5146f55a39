/* The barrier: rounds, action, end by hand, then that threads never part by more than a round. */
#include "sync/ac_barrier.h"

#include "check.h"

static void test_a_round_by_hand(void) {
    ac_barrier b = {0};
    uint64_t index, round;
    b.parties = 2;
    ac_waiter *const w = ac_waiter_new(0, 0), *const v = ac_waiter_new(0, 0);
    CHECK(ac_barrier_arrive(&b, w, false, &index, &round, 0) == AC_BARRIER_WAIT && index == 0);
    CHECK(ac_barrier_waiting(&b) == 1);
    CHECK(ac_barrier_arrive(&b, v, false, &index, &round, 0) == AC_BARRIER_PASSED && index == 1);
    CHECK(ac_waiter_prepare(w) == AC_BARRIER_PASSED && ac_barrier_waiting(&b) == 0);
    ac_waiter_free(w), ac_waiter_free(v);
}

static void test_a_deadline_breaks_it_and_an_exception_does_not(void) {
    ac_barrier b = {0};
    uint64_t index, round;
    b.parties = 3;
    ac_waiter *const w = ac_waiter_new(0, 0), *const v = ac_waiter_new(0, 0);
    ac_barrier_arrive(&b, w, false, &index, &round, 0);
    ac_barrier_arrive(&b, v, false, &index, &round, 0);
    ac_barrier_leave(&b, w, false, 0);
    CHECK(!ac_barrier_is_broken(&b) && ac_barrier_waiting(&b) == 1);
    CHECK(ac_barrier_leave(&b, v, true, 0) == AC_BARRIER_FAILED && ac_barrier_is_broken(&b));
    CHECK(ac_barrier_arrive(&b, w, false, &index, &round, 0) == AC_BARRIER_FAILED);
    ac_barrier_turn(&b, AC_BARRIER_FILLING, 0);
    CHECK(!ac_barrier_is_broken(&b));
    ac_waiter_free(w), ac_waiter_free(v);
}

static void test_while_the_action_runs(void) {
    ac_barrier b = {0};
    uint64_t index, round, other;
    b.parties = 2;
    ac_waiter *const w = ac_waiter_new(0, 0), *const v = ac_waiter_new(0, 0);
    ac_waiter *const late = ac_waiter_new(0, 0);
    ac_barrier_arrive(&b, w, true, &index, &other, 0);
    CHECK(ac_barrier_arrive(&b, v, true, &index, &round, 0) == AC_BARRIER_ACT);
    CHECK(ac_barrier_arrive(&b, late, true, &index, &other, 0) == AC_BARRIER_WAIT);
    CHECK(late->kind == AC_BARRIER_LATE);
    CHECK(ac_barrier_leave(&b, w, true, 0) == AC_BARRIER_WAIT); /* all have come: it must stay */
    CHECK(ac_barrier_finish(&b, round, true, 0) == AC_BARRIER_PASSED);
    CHECK(ac_waiter_prepare(w) == AC_BARRIER_PASSED && ac_waiter_prepare(late) == AC_BARRIER_AGAIN);
    ac_waiter_free(w), ac_waiter_free(v), ac_waiter_free(late);
}

static void test_broken_while_the_action_runs(void) {
    for (uint32_t state = AC_BARRIER_FILLING; state <= AC_BARRIER_BROKEN; state += 2) {
        ac_barrier b = {0};
        uint64_t index, round;
        b.parties = 1;
        ac_waiter *const w = ac_waiter_new(0, 0);
        CHECK(ac_barrier_arrive(&b, w, true, &index, &round, 0) == AC_BARRIER_ACT);
        ac_barrier_turn(&b, state, 0);
        CHECK(ac_barrier_finish(&b, round, true, 0) == AC_BARRIER_FAILED);
        CHECK(ac_barrier_is_broken(&b) == (state == AC_BARRIER_BROKEN));
        ac_waiter_free(w);
    }
}

#define PARTIES 4
typedef struct shared {
    ac_barrier b;
    ac_atomic_u64 names;
    ac_atomic_u64 at[PARTIES]; /* the round each thread is in */
    uint64_t rounds;
    uint64_t actions; /* by whoever runs the action */
} shared;

static void *play(void *arg) {
    shared *const s = *(shared **)arg;
    const uint64_t me = ac_fetch_add_relaxed(&s->names, UINT64_C(1));
    for (uint64_t i = 0; i < s->rounds; i++) {
        ac_store_relaxed(&s->at[me], i);
        uint32_t outcome;
        do {
            uint64_t index, round;
            ac_waiter *const w = ac_waiter_new(0, 0);
            outcome = ac_barrier_arrive(&s->b, w, true, &index, &round, 0);
            if (outcome == AC_BARRIER_ACT) {
                for (int k = 0; k < PARTIES; k++) CHECK(ac_load_relaxed(&s->at[k]) == i);
                s->actions++;
                outcome = ac_barrier_finish(&s->b, round, true, 0);
            } else if (outcome == AC_BARRIER_WAIT) {
                ac_waiter_spin(&s->b.row, w, AC_FOREVER);
                while ((outcome = ac_waiter_prepare(w)) == 0)
                    ac_wait(&w->word, AC_WAITER_ASLEEP, AC_FOREVER, AC_WAIT_PRIVATE);
            }
            ac_waiter_free(w);
        } while (outcome == AC_BARRIER_AGAIN);
        CHECK(outcome == AC_BARRIER_PASSED);
    }
    return NULL;
}

static void test_threads_go_in_lockstep(void) {
    shared s;
    memset(&s, 0, sizeof s);
    s.b.parties = PARTIES;
    s.rounds = check_scale(3000);
    shared *all[PARTIES] = {&s, &s, &s, &s};
    check_threads(PARTIES, play, all, sizeof all[0]);
    CHECK(s.actions == s.rounds);
}

int main(void) {
    RUN(test_a_round_by_hand);
    RUN(test_a_deadline_breaks_it_and_an_exception_does_not);
    RUN(test_while_the_action_runs);
    RUN(test_broken_while_the_action_runs);
    RUN(test_threads_go_in_lockstep);
    return 0;
}
