/* Turns: who is alone never waits, who meets another looks now and then, and a wait has an end. */
#include "sync/ac_turn.h"

#include "check.h"

#include <pthread.h>

static void test_the_holder_goes_on_without_a_look(void) {
    ac_turn t = {0};
    CHECK(ac_turn_is_anothers(&t, 1)); /* nobody's yet */
    CHECK(!ac_turn_look(&t, 1));
    for (int i = 0; i < 1000; i++) CHECK(!ac_turn_is_anothers(&t, 1));
    CHECK(ac_load_relaxed(&t.uses) == 1001);
}

static void test_one_meeting_in_so_many_looks(void) {
    ac_turn t = {0};
    uint32_t looks = 0;
    for (uint32_t i = 0; i < 10 * AC_TURN_EVERY; i++) {
        const uint64_t me = 1 + i % 2;
        CHECK(ac_turn_is_anothers(&t, me));
        if (ac_turn_look(&t, me)) {
            looks++;
            ac_turn_wait(&t, me);
        }
        CHECK(!ac_turn_is_anothers(&t, me)); /* it is his turn now, either way */
    }
    CHECK(looks == 10);
    CHECK(!ac_turn_is_crowded(&t)); /* nobody was busy during a look */
}

typedef struct busy {
    ac_turn turn;
    ac_atomic_u32 stop;
} busy;

static void *hammer(void *arg) {
    busy *const b = arg;
    while (!ac_load_relaxed(&b->stop)) (void)ac_turn_is_anothers(&b->turn, 2);
    return NULL;
}

/* The other hammers for ever: the wait sees it, and ends all the same. */
static void test_a_wait_for_a_busy_other_has_an_end(void) {
    busy b = {0};
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, hammer, &b) == 0);
    const int64_t patience = ac_now_ns() + 20 * AC_NS_PER_S;
    bool crowded = false;
    while (!crowded && ac_now_ns() < patience) {
        ac_turn_wait(&b.turn, 1);
        crowded = ac_turn_is_crowded(&b.turn);
        CHECK(ac_load_relaxed(&b.turn.holder) == 1);
    }
    CHECK(crowded);
    CHECK(ac_turn_look(&b.turn, 3)); /* while it is crowded everybody looks */
    ac_store_relaxed(&b.stop, 1u);
    CHECK(pthread_join(thread, NULL) == 0);
    for (uint32_t i = 0; i < AC_TURN_MEMORY; i++) { /* nobody is busy any more */
        CHECK(ac_turn_is_crowded(&b.turn));
        ac_turn_wait(&b.turn, 1);
    }
    CHECK(!ac_turn_is_crowded(&b.turn));
}

int main(void) {
    RUN(test_the_holder_goes_on_without_a_look);
    RUN(test_one_meeting_in_so_many_looks);
    RUN(test_a_wait_for_a_busy_other_has_an_end);
    return 0;
}
