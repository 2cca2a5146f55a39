/* The flag: its word by hand, and that who waited when it was set goes on. */
#include "shm/ac_shared_event.h"

#include "check.h"

static void test_the_states_of_the_word(void) {
    ac_shared_event e = {0};
    CHECK(!ac_shared_event_is_set(&e));
    const uint32_t first = ac_shared_event_look(&e);
    const uint32_t key = ac_shared_event_prepare(&e, first);
    CHECK(key == AC_SHARED_EVENT_SLEEPERS && ac_shared_event_prepare(&e, first) == key);
    ac_shared_event_set(&e);
    CHECK(ac_load_relaxed(&e.word) == (AC_SHARED_EVENT_SET | AC_SHARED_EVENT_GENERATION));
    CHECK(ac_wait(&e.word, key, AC_FOREVER, AC_WAIT_SHARED) == AC_WAIT_CHANGED);
    ac_shared_event_set(&e); /* again: nothing */
    CHECK(ac_load_relaxed(&e.word) == (AC_SHARED_EVENT_SET | AC_SHARED_EVENT_GENERATION));
    ac_shared_event_clear(&e);
    CHECK(!ac_shared_event_is_set(&e));
    CHECK(ac_shared_event_prepare(&e, first) == 0); /* it was set meanwhile */
    CHECK(ac_shared_event_prepare(&e, ac_shared_event_look(&e)) != 0);
}

typedef struct pair {
    ac_shared_event go, done;
    uint64_t times;
} pair;

static void await(ac_shared_event *e) {
    const uint32_t first = ac_shared_event_look(e);
    uint32_t key;
    const int64_t begin = ac_now_ns();
    while ((key = ac_shared_event_prepare(e, first)) != 0) {
        ac_wait(&e->word, key, ac_now_ns() + 20 * AC_NS_PER_S, AC_WAIT_SHARED);
        CHECK(ac_now_ns() - begin < 10 * AC_NS_PER_S); /* a lost wake */
    }
    ac_shared_event_clear(e);
}

static void *play(void *arg) {
    pair *const p = ((pair **)arg)[0];
    const bool first = ((pair **)arg)[1] != NULL;
    for (uint64_t i = 0; i < p->times; i++) {
        if (first) ac_shared_event_set(&p->go);
        await(first ? &p->done : &p->go);
        if (!first) ac_shared_event_set(&p->done);
    }
    return NULL;
}

static void test_two_answer_each_other(void) {
    pair p;
    memset(&p, 0, sizeof p);
    p.times = check_scale(5000);
    pair *args[2][2] = {{&p, &p}, {&p, NULL}};
    check_threads(2, play, args, sizeof args[0]);
}

int main(void) {
    RUN(test_the_states_of_the_word);
    RUN(test_two_answer_each_other);
    return 0;
}
