/* The lock: its states by hand, then that it excludes. */
#include "sync/ac_mutex.h"

#include "check.h"

#include <sched.h>

static void test_the_states_of_the_word(void) {
    ac_mutex m = {0};
    ac_mutex_lock(&m);
    CHECK(ac_load_relaxed(&m.word) == 1);
    CHECK(!ac_mutex_try_lock(&m));
    ac_mutex_unlock(&m);
    CHECK(ac_load_relaxed(&m.word) == 0);
    CHECK(ac_mutex_try_lock(&m));
    ac_mutex_unlock(&m);
}

typedef struct shared {
    ac_mutex mutex;
    uint64_t plain; /* protected by the mutex alone */
    uint64_t times;
} shared;

static void *add(void *arg) {
    shared *const s = *(shared **)arg;
    for (uint64_t i = 0; i < s->times; i++) {
        ac_mutex_lock(&s->mutex);
        const uint64_t seen = s->plain;
        if (i % 64 == 0) sched_yield(); /* others come meanwhile */
        s->plain = seen + 1;
        ac_mutex_unlock(&s->mutex);
    }
    return NULL;
}

static void test_one_thread_at_a_time_is_inside(void) {
    shared s;
    memset(&s, 0, sizeof s);
    s.times = check_scale(50000);
    shared *all[4] = {&s, &s, &s, &s};
    check_threads(4, add, all, sizeof all[0]);
    CHECK(s.plain == 4 * s.times);
    CHECK(ac_load_relaxed(&s.mutex.word) == 0);
}

int main(void) {
    RUN(test_the_states_of_the_word);
    RUN(test_one_thread_at_a_time_is_inside);
    return 0;
}
