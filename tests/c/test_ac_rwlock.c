/* The reader-writer lock: order and hand-over by hand, then that writers are alone. */
#include "sync/ac_rwlock.h"

#include "check.h"

#include <sched.h>

static void test_readers_share_and_a_writer_is_alone(void) {
    ac_rwlock rw = {0};
    CHECK(ac_rwlock_try_read(&rw) && ac_rwlock_try_read(&rw) && !ac_rwlock_try_write(&rw, 1));
    CHECK(ac_rwlock_release_read(&rw, 0) && ac_rwlock_release_read(&rw, 0));
    CHECK(!ac_rwlock_release_read(&rw, 0));
    CHECK(ac_rwlock_try_write(&rw, 1) && !ac_rwlock_try_read(&rw) && !ac_rwlock_try_write(&rw, 2));
    CHECK(!ac_rwlock_release_write(&rw, 2, 0) && ac_rwlock_release_write(&rw, 1, 0));
    CHECK(ac_load_relaxed(&rw.word) == 0);
}

static void test_the_row_is_served_in_order(void) {
    ac_rwlock rw = {0};
    ac_waiter *const writer = ac_waiter_new(AC_RW_WRITE, 2);
    ac_waiter *const reader1 = ac_waiter_new(AC_RW_READ, 3), *const reader2 = ac_waiter_new(AC_RW_READ, 4);
    ac_waiter *const last = ac_waiter_new(AC_RW_WRITE, 5);
    CHECK(ac_rwlock_try_read(&rw));
    ac_rwlock_enter(&rw, writer, 0);
    CHECK(!ac_rwlock_try_read(&rw)); /* a writer waits */
    ac_rwlock_enter(&rw, reader1, 0);
    ac_rwlock_enter(&rw, reader2, 0);
    ac_rwlock_enter(&rw, last, 0);
    CHECK(ac_waiter_prepare(writer) == 0);
    ac_rwlock_release_read(&rw, 0);
    CHECK(ac_waiter_prepare(writer) != 0 && ac_waiter_prepare(reader1) == 0);
    CHECK(ac_rwlock_is_writer(&rw, 2));
    CHECK(ac_rwlock_downgrade(&rw, 2, 0)); /* the readers behind it come in, the writer does not */
    CHECK(ac_waiter_prepare(reader1) != 0 && ac_waiter_prepare(reader2) != 0);
    CHECK(ac_waiter_prepare(last) == 0 && ac_rwlock_readers(&rw) == 3);
    for (int i = 0; i < 3; i++) CHECK(ac_rwlock_release_read(&rw, 0));
    CHECK(ac_rwlock_is_writer(&rw, 5) && ac_rwlock_release_write(&rw, 5, 0));
    CHECK(ac_load_relaxed(&rw.word) == 0);
    ac_waiter_free(writer), ac_waiter_free(reader1), ac_waiter_free(reader2), ac_waiter_free(last);
}

static void test_a_writer_that_gives_up_lets_the_readers_behind_it_in(void) {
    ac_rwlock rw = {0};
    ac_waiter *const writer = ac_waiter_new(AC_RW_WRITE, 2), *const reader = ac_waiter_new(AC_RW_READ, 3);
    CHECK(ac_rwlock_try_read(&rw));
    ac_rwlock_enter(&rw, writer, 0);
    ac_rwlock_enter(&rw, reader, 0);
    CHECK(ac_rwlock_leave(&rw, writer, 0) == 0);
    CHECK(ac_waiter_prepare(reader) != 0 && ac_rwlock_readers(&rw) == 2);
    CHECK(ac_rwlock_leave(&rw, reader, 0) != 0); /* it has the lock: to be given back */
    CHECK(ac_rwlock_release_read(&rw, 0) && ac_rwlock_release_read(&rw, 0));
    CHECK(ac_load_relaxed(&rw.word) == 0);
    ac_waiter_free(writer), ac_waiter_free(reader);
}

static void test_a_child_grants_nothing_to_the_parents_waiters(void) {
    ac_rwlock rw = {0};
    ac_waiter *const parents = ac_waiter_new(AC_RW_WRITE, 2);
    CHECK(ac_rwlock_try_read(&rw));
    ac_rwlock_enter(&rw, parents, 0);
    CHECK(ac_rwlock_release_read(&rw, 1)); /* in the child */
    CHECK(ac_load_relaxed(&rw.word) == 0 && ac_rwlock_try_write(&rw, 7));
    ac_waiter_free(parents);
}

typedef struct shared {
    ac_rwlock rw;
    ac_atomic_u64 names;
    uint64_t one, two; /* protected by the lock alone; equal outside a writer */
    uint64_t rounds;
    ac_atomic_u64 writes;
} shared;

static bool take(ac_rwlock *rw, uint32_t kind, uint64_t me, int64_t deadline) {
    if (kind == AC_RW_READ ? ac_rwlock_try_read(rw) : ac_rwlock_try_write(rw, me)) return true;
    ac_waiter *const w = ac_waiter_new(kind, me);
    uint32_t answer;
    ac_rwlock_enter(rw, w, 0);
    ac_waiter_spin(&rw->row, w, deadline);
    while ((answer = ac_waiter_prepare(w)) == 0 && ac_now_ns() < deadline)
        ac_wait(&w->word, AC_WAITER_ASLEEP, deadline, AC_WAIT_PRIVATE);
    if (answer == 0) answer = ac_rwlock_leave(rw, w, 0);
    ac_waiter_free(w);
    return answer != 0;
}

static void *play(void *arg) {
    shared *const s = *(shared **)arg;
    const uint64_t me = ac_fetch_add_relaxed(&s->names, UINT64_C(1)) + 1;
    for (uint64_t i = 0; i < s->rounds; i++) {
        const int64_t deadline = i % 5 ? AC_FOREVER : ac_now_ns() + 10000;
        if ((i + me) % 3) {
            if (!take(&s->rw, AC_RW_READ, me, deadline)) continue;
            CHECK(s->one == s->two);
            CHECK(ac_rwlock_release_read(&s->rw, 0));
            continue;
        }
        if (!take(&s->rw, AC_RW_WRITE, me, deadline)) continue;
        CHECK(s->one == s->two);
        s->one++;
        if (i % 64 == 0) sched_yield(); /* others come meanwhile */
        ac_fetch_add_relaxed(&s->writes, UINT64_C(1));
        s->two++;
        if (i % 2) {
            CHECK(ac_rwlock_release_write(&s->rw, me, 0));
        } else {
            CHECK(ac_rwlock_downgrade(&s->rw, me, 0));
            CHECK(s->one == s->two);
            CHECK(ac_rwlock_release_read(&s->rw, 0));
        }
    }
    return NULL;
}

static void test_writers_are_alone(void) {
    shared s;
    memset(&s, 0, sizeof s);
    s.rounds = check_scale(5000);
    shared *all[5] = {&s, &s, &s, &s, &s};
    check_threads(5, play, all, sizeof all[0]);
    CHECK(s.one == ac_load_relaxed(&s.writes) && s.one == s.two);
    CHECK(ac_load_relaxed(&s.rw.word) == 0);
}

int main(void) {
    RUN(test_readers_share_and_a_writer_is_alone);
    RUN(test_the_row_is_served_in_order);
    RUN(test_a_writer_that_gives_up_lets_the_readers_behind_it_in);
    RUN(test_a_child_grants_nothing_to_the_parents_waiters);
    RUN(test_writers_are_alone);
    return 0;
}
