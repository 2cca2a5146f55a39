/* The event count: its bits by hand, then that no wake is lost between threads that play catch. */
#include "sync/ac_event_count.h"

#include "check.h"

#include <sched.h>

static void test_a_notify_without_sleepers_changes_nothing(void) {
    ac_event_count ec = {0};
    ac_ec_notify_one(&ec, AC_WAIT_PRIVATE);
    ac_ec_notify_all(&ec, AC_WAIT_PRIVATE);
    CHECK(ac_load_relaxed(&ec.word) == 0);
}

static void test_prepare_sets_the_flag_and_a_notify_moves_the_epoch(void) {
    ac_event_count ec = {0};
    const uint32_t key = ac_ec_prepare(&ec);
    CHECK(key == AC_EC_SLEEPERS);
    ac_ec_notify_one(&ec, AC_WAIT_PRIVATE);
    CHECK(ac_load_relaxed(&ec.word) == AC_EC_EPOCH_ONE);
    /* the key is stale: no sleep */
    CHECK(ac_ec_wait(&ec, key, AC_FOREVER, AC_WAIT_PRIVATE) == AC_WAIT_CHANGED);
}

static void test_the_listener_bit_is_left_alone(void) {
    ac_event_count ec = {AC_EC_LISTENERS};
    ac_ec_prepare(&ec);
    ac_ec_notify_all(&ec, AC_WAIT_PRIVATE);
    CHECK(ac_load_relaxed(&ec.word) == (AC_EC_LISTENERS | AC_EC_EPOCH_ONE));
}

static void test_a_wait_ends_at_its_deadline(void) {
    ac_event_count ec = {0};
    const uint32_t key = ac_ec_prepare(&ec);
    CHECK(ac_ec_wait(&ec, key, ac_now_ns() + 1000000, AC_WAIT_PRIVATE) == AC_WAIT_TIMEOUT);
}

/* Several takers of a counter that several givers raise; all sleep when it is zero. A lost wake-up
 * makes the test hang, and its time limit fail it. */
typedef struct tokens {
    ac_event_count ec;
    ac_atomic_u64 count;
    uint64_t rounds;
} tokens;

static bool take(tokens *t) {
    uint64_t seen = ac_load_acquire(&t->count);
    while (seen > 0)
        if (ac_cas_seq_cst(&t->count, &seen, seen - 1)) return true;
    return false;
}

typedef struct party {
    tokens *t;
    bool gives;
} party;

static void *play(void *arg) {
    party *const p = arg;
    tokens *const t = p->t;
    for (uint64_t i = 0; i < t->rounds; i++) {
        if (p->gives) {
            ac_fetch_add_seq_cst(&t->count, UINT64_C(1));
            if (i % 2) ac_ec_notify_one(&t->ec, AC_WAIT_PRIVATE);
            else if (ac_ec_anybody(&t->ec)) ac_ec_notify_one(&t->ec, AC_WAIT_PRIVATE);
            /* Now and then all is taken first, so that the takers sleep. */
            while (i % 16 == 0 && ac_load_relaxed(&t->count) > 0) sched_yield();
            continue;
        }
        bool slept = false;
        for (;;) {
            const uint32_t key = ac_ec_prepare(&t->ec);
            if (take(t)) break;
            ac_ec_wait(&t->ec, key, AC_FOREVER, AC_WAIT_PRIVATE);
            slept = true;
        }
        if (slept && ac_load_relaxed(&t->count) > 0) ac_ec_notify_one(&t->ec, AC_WAIT_PRIVATE);
    }
    return NULL;
}

static void test_listeners_are_heard_and_do_not_disturb_sleepers(void) {
    ac_event_count ec = {0};
    CHECK(!ac_ec_anybody(&ec) && !ac_ec_has_listeners(&ec));
    ac_ec_listen(&ec, true);
    CHECK(ac_ec_anybody(&ec) && ac_ec_has_listeners(&ec));
    const uint32_t key = ac_ec_prepare(&ec);
    ac_ec_notify_one(&ec, AC_WAIT_PRIVATE); /* clears the sleepers' flag, and that alone */
    CHECK(ac_ec_has_listeners(&ec));
    CHECK(ac_ec_wait(&ec, key, AC_FOREVER, AC_WAIT_PRIVATE) == AC_WAIT_CHANGED);
    ac_ec_listen(&ec, false);
    CHECK(!ac_ec_anybody(&ec));
}

static void test_no_wake_is_lost(void) {
    tokens t;
    memset(&t, 0, sizeof t);
    t.rounds = check_scale(20000);
    party parties[6];
    for (int i = 0; i < 6; i++) parties[i] = (party){&t, i < 3};
    check_threads(6, play, parties, sizeof parties[0]);
    CHECK(ac_load_relaxed(&t.count) == 0);
}

int main(void) {
    RUN(test_a_notify_without_sleepers_changes_nothing);
    RUN(test_prepare_sets_the_flag_and_a_notify_moves_the_epoch);
    RUN(test_the_listener_bit_is_left_alone);
    RUN(test_a_wait_ends_at_its_deadline);
    RUN(test_listeners_are_heard_and_do_not_disturb_sleepers);
    RUN(test_no_wake_is_lost);
    return 0;
}
