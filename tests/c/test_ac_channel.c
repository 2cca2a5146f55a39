/* The channel: tasks, and getters and putters that really sleep. */
#include "queues/ac_channel.h"

/* A lost wake shows by the time that it costs. */
#define STRESS_MOST_NS (60 * AC_NS_PER_S)
#include "queue_stress.h"

static void test_tasks_are_counted_by_the_pushes(void) {
    ac_channel *const ch = ac_channel_new(AC_STORE_FIFO, 0);
    uintptr_t item;
    CHECK(ch != NULL && ac_channel_unfinished(ch) == 0);
    CHECK(ac_channel_finish(ch, 1) == AC_MISUSE);
    CHECK(ac_channel_push(ch, 1) == AC_OK && ac_channel_push(ch, 2) == AC_OK);
    CHECK(ac_channel_pop(ch, &item) == AC_OK);
    CHECK(ac_channel_unfinished(ch) == 2);
    CHECK(ac_channel_finish(ch, 1) == AC_OK);
    CHECK(ac_channel_finish(ch, 2) == AC_MISUSE && ac_channel_unfinished(ch) == 1);
    CHECK(ac_channel_pop(ch, &item) == AC_OK);
    CHECK(ac_channel_finish(ch, 1) == AC_OK && ac_channel_unfinished(ch) == 0);
    ac_channel_free(ch);
}

static ac_status sleeping_push(void *q, uintptr_t item) {
    ac_channel *const ch = q;
    ac_status status = ac_channel_push(ch, item);
    if (status != AC_FULL) return status;
    ac_channel_spin(ch, false, AC_FOREVER);
    for (;;) {
        const uint32_t key = ac_ec_prepare(&ch->not_full);
        status = ac_channel_push(ch, item);
        if (status != AC_FULL) break;
        ac_channel_count_wait(ch);
        ac_ec_wait(&ch->not_full, key, AC_FOREVER, AC_WAIT_PRIVATE);
    }
    ac_channel_pass_put(ch);
    return status;
}

/* The deadline lets the consumers of stress_run see that everything has come. */
static ac_status sleeping_pop(void *q, uintptr_t *item) {
    ac_channel *const ch = q;
    const int64_t deadline = ac_now_ns() + 200 * AC_NS_PER_MS;
    ac_status status = ac_channel_pop(ch, item);
    if (status != AC_EMPTY) return status;
    ac_channel_spin(ch, true, deadline);
    for (;;) {
        const uint32_t key = ac_ec_prepare(&ch->not_empty);
        status = ac_channel_pop(ch, item);
        if (status != AC_EMPTY || ac_now_ns() >= deadline) break;
        ac_channel_count_wait(ch);
        ac_ec_wait(&ch->not_empty, key, deadline, AC_WAIT_PRIVATE);
    }
    ac_channel_pass_get(ch);
    return status;
}

static void test_sleepers_miss_nothing(void) {
    const uint64_t seed = check_seed();
    const uint64_t limits[] = {1, 3, 100, 0};
    for (int i = 0; i < 4; i++) {
        ac_channel *const ch = ac_channel_new(AC_STORE_FIFO, limits[i]);
        CHECK(ch != NULL);
        const stress_queue queue = {ch, sleeping_push, sleeping_pop};
        CHECK(stress_ok(&queue, 3, 3, check_scale(5000), seed));
        ac_channel_free(ch);
    }
}

static void *close_it(void *arg) {
    ac_channel_close(*(ac_channel **)arg);
    return NULL;
}

static void *wait_for_the_end(void *arg) {
    ac_channel *const ch = *(ac_channel **)arg;
    uintptr_t item;
    for (;;) {
        const uint32_t key = ac_ec_prepare(&ch->not_empty);
        if (ac_channel_pop(ch, &item) == AC_CLOSED) return NULL;
        ac_ec_wait(&ch->not_empty, key, AC_FOREVER, AC_WAIT_PRIVATE);
    }
}

static void *wait_or_close(void *arg) {
    static ac_atomic_u32 number;
    return ac_fetch_add_relaxed(&number, 1u) % 4 == 3 ? close_it(arg) : wait_for_the_end(arg);
}

static void test_close_wakes_everybody(void) {
    for (int round = 0; round < 100; round++) {
        ac_channel *ch = ac_channel_new(AC_STORE_FIFO, round % 2 ? 4 : 0);
        ac_channel *all[4] = {ch, ch, ch, ch};
        check_threads(4, wait_or_close, all, sizeof all[0]);
        ac_channel_free(ch);
    }
}

/* Getters that sleep, one item, and a close right behind it: the item's wake clears the flag, so that
 * the close finds nobody to wake, and the getter of the item must pass the end on. */
static void *get_until_closed(void *arg) {
    ac_channel *const ch = *(ac_channel **)arg;
    uintptr_t item;
    ac_status status = AC_OK;
    while (status != AC_CLOSED) {
        bool slept = false;
        for (;;) {
            const uint32_t key = ac_ec_prepare(&ch->not_empty);
            status = ac_channel_pop(ch, &item);
            if (status != AC_EMPTY) break;
            ac_channel_count_wait(ch);
            ac_ec_wait(&ch->not_empty, key, AC_FOREVER, AC_WAIT_PRIVATE);
            slept = true;
        }
        if (slept) ac_channel_pass_get(ch);
    }
    return NULL;
}

static void test_a_close_right_behind_a_push_wakes_everybody(void) {
    const int rounds = (int)check_scale(300);
    for (int round = 0; round < rounds; round++) {
        ac_channel *ch = ac_channel_new(AC_STORE_FIFO, 0);
        pthread_t threads[3];
        for (int i = 0; i < 3; i++)
            CHECK(pthread_create(&threads[i], NULL, get_until_closed, &ch) == 0);
        while (ac_channel_waits(ch) < 3) sched_yield();
        CHECK(ac_channel_push(ch, 1) == AC_OK);
        ac_channel_close(ch);
        for (int i = 0; i < 3; i++) CHECK(pthread_join(threads[i], NULL) == 0);
        ac_channel_free(ch);
    }
}

static void test_a_spin_is_bounded(void) {
    ac_channel *const ch = ac_channel_new(AC_STORE_FIFO, 1);
    const int64_t begin = ac_now_ns();
    for (int i = 0; i < 10; i++) ac_channel_spin(ch, true, AC_FOREVER);
    CHECK(ac_now_ns() - begin < AC_NS_PER_S);
    CHECK(ac_load_relaxed(&ch->spin_ns) < AC_CHANNEL_SPIN_MIN_NS);
    CHECK(ac_channel_push(ch, 1) == AC_OK);
    for (int i = 0; i < 20; i++) ac_channel_spin(ch, true, AC_FOREVER);
    CHECK(ac_load_relaxed(&ch->spin_ns) == AC_CHANNEL_SPIN_MAX_NS);
    ac_channel_free(ch);
}

typedef struct ear {
    int items, room;
} ear;

static void hear(void *arg, int what) {
    ear *const e = arg;
    if (what == AC_CHANNEL_ITEM) e->items++;
    else e->room++;
}

static void test_listeners_hear_what_they_asked_for(void) {
    ac_channel *const ch = ac_channel_new(AC_STORE_FIFO, 4);
    ear e = {0, 0};
    uintptr_t item, in[2] = {1, 2};
    uint64_t done;
    ch->heard = hear;
    ch->heard_arg = &e;
    CHECK(ac_channel_push(ch, 1) == AC_OK && e.items == 0);
    ac_channel_listen(ch, AC_CHANNEL_ITEM, true);
    CHECK(ac_channel_push(ch, 1) == AC_OK && e.items == 1);
    CHECK(ac_store_try_push_many(&ch->store, in, 2, &done) == AC_OK && e.items == 1);
    ac_channel_pushed(ch, done);
    CHECK(e.items == 2);
    ac_channel_pushed(ch, 0);
    CHECK(e.items == 2);
    CHECK(ac_channel_push(ch, 1) == AC_FULL && e.items == 2);
    CHECK(ac_channel_pop(ch, &item) == AC_OK && e.room == 0);
    ac_channel_listen(ch, AC_CHANNEL_ROOM, true);
    CHECK(ac_channel_pop(ch, &item) == AC_OK && e.room == 1);
    CHECK(ac_channel_set_limit(ch, 3) == AC_OK && e.room == 2);
    ac_channel_listen(ch, AC_CHANNEL_ITEM, false);
    CHECK(ac_channel_push(ch, 1) == AC_OK && e.items == 2);
    CHECK(ac_channel_close(ch) == AC_OK && e.items == 2 && e.room == 3);
    while (ac_channel_pop(ch, &item) == AC_OK) {
    }
    ac_channel_free(ch);
}

static void test_the_watch_counts_from_the_first_question(void) {
    ac_channel *const ch = ac_channel_new(AC_STORE_LIFO, 0);
    uintptr_t item;
    for (uintptr_t i = 0; i < 5; i++) CHECK(ac_channel_push(ch, i) == AC_OK);
    for (int i = 0; i < 3; i++) CHECK(ac_channel_pop(ch, &item) == AC_OK);
    CHECK(ac_channel_watch(ch) == 2);
    for (uintptr_t i = 0; i < 5; i++) CHECK(ac_channel_push(ch, i) == AC_OK);
    while (ac_channel_pop(ch, &item) == AC_OK) {
    }
    CHECK(ac_channel_watch(ch) == 7);
    ac_channel_free(ch);
}

static void test_what_is_handed_over_is_counted_exactly(void) {
    ac_channel *const ch = ac_channel_new(AC_STORE_FIFO, 4);
    ac_store_contents all;
    uint64_t unfinished;
    for (uintptr_t i = 0; i < 3; i++) CHECK(ac_channel_push(ch, i) == AC_OK);
    CHECK(ac_channel_finish(ch, 1) == AC_OK && !ac_channel_is_evicted(ch));
    CHECK(ac_channel_evict(ch, &all, &unfinished) == AC_OK && unfinished == 2);
    CHECK(all.count[0] == 3 && all.count[1] == 0 && !all.was_closed && all.part[0][2] == 2);
    free(all.part[0]);
    free(all.part[1]);
    CHECK(ac_channel_is_evicted(ch) && ac_channel_finish(ch, 1) == AC_ELSEWHERE);
    CHECK(ac_channel_push(ch, 9) == AC_ELSEWHERE && ac_channel_close(ch) == AC_ELSEWHERE);
    CHECK(ac_channel_evict(ch, &all, &unfinished) == AC_ELSEWHERE);
    ac_channel_free(ch);
}

int main(void) {
    RUN(test_tasks_are_counted_by_the_pushes);
    RUN(test_sleepers_miss_nothing);
    RUN(test_close_wakes_everybody);
    RUN(test_a_close_right_behind_a_push_wakes_everybody);
    RUN(test_a_spin_is_bounded);
    RUN(test_listeners_hear_what_they_asked_for);
    RUN(test_the_watch_counts_from_the_first_question);
    RUN(test_what_is_handed_over_is_counted_exactly);
    return 0;
}
