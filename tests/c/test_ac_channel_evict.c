/* A channel is evicted while threads push, pop and report tasks: nothing is lost, nothing comes twice. */
#include "queues/ac_channel.h"

#include "check.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#define ITEMS 4000

typedef struct worker {
    ac_channel *ch;
    uint64_t first;         /* of a producer: its items are first .. first + ITEMS - 1 */
    uint64_t pushed;        /* how many went in before the eviction */
    uint64_t got, finished; /* of a consumer */
    unsigned char *seen;
} worker;

static void *produce(void *arg) {
    worker *const w = arg;
    while (w->pushed < ITEMS) {
        const ac_status status = ac_channel_push(w->ch, (uintptr_t)(w->first + w->pushed + 1));
        if (status == AC_ELSEWHERE) break;
        CHECK(status == AC_OK || status == AC_FULL);
        if (status == AC_OK)
            w->pushed++;
        else
            sched_yield();
    }
    return NULL;
}

static void *consume(void *arg) {
    worker *const w = arg;
    for (;;) {
        uintptr_t item;
        const ac_status status = ac_channel_pop(w->ch, &item);
        if (status == AC_ELSEWHERE) return NULL;
        CHECK(status == AC_OK || status == AC_EMPTY);
        if (status != AC_OK) {
            sched_yield();
            continue;
        }
        w->seen[item - 1]++;
        w->got++;
        if (ac_channel_finish(w->ch, 1) == AC_OK) w->finished++;
    }
}

static void evict_under_load(ac_store_kind kind, uint64_t limit, uint64_t after) {
    ac_channel *const ch = ac_channel_new(kind, limit);
    const bool pair = kind == AC_STORE_PAIR;
    unsigned char *const seen = calloc(4 * ITEMS, 1);
    worker w[4] = {{0}};
    pthread_t threads[4];
    const int sides = pair ? 1 : 2;
    uint64_t pushed = 0, got = 0, finished = 0, unfinished = 0;
    ac_store_contents all;
    CHECK(ch != NULL && seen != NULL && !ac_store_is_elsewhere(&ch->store));
    for (int i = 0; i < 2 * sides; i++) {
        w[i].ch = ch;
        w[i].first = (uint64_t)i * ITEMS;
        w[i].seen = calloc(4 * ITEMS, 1);
        CHECK(pthread_create(&threads[i], NULL, i < sides ? produce : consume, &w[i]) == 0);
    }
    while (ac_store_pushed(&ch->store) < after) sched_yield();
    CHECK(ac_channel_evict(ch, &all, &unfinished) == AC_OK);
    CHECK(ac_store_is_elsewhere(&ch->store) && ac_channel_is_evicted(ch));
    for (int i = 0; i < 2 * sides; i++) CHECK(pthread_join(threads[i], NULL) == 0);
    for (int i = 0; i < 2 * sides; i++) {
        pushed += w[i].pushed;
        got += w[i].got;
        finished += w[i].finished;
        for (int k = 0; k < 4 * ITEMS; k++) seen[k] += w[i].seen[k];
        free(w[i].seen);
    }
    uint64_t last[4] = {0};
    for (int part = 0; part < 2; part++) {
        for (uint64_t i = 0; i < all.count[part]; i++) {
            const uint64_t item = all.part[part][i] - 1, from = item / ITEMS;
            seen[item]++;
            if (kind != AC_STORE_LIFO) CHECK(last[from] <= item);
            last[from] = item;
        }
        got += all.count[part];
        free(all.part[part]);
    }
    CHECK(got == pushed && unfinished == pushed - finished && !all.was_closed);
    for (int i = 0; i < sides; i++)
        for (uint64_t k = 0; k < ITEMS; k++) CHECK(seen[w[i].first + k] == (k < w[i].pushed));
    CHECK(ac_channel_evict(ch, &all, &unfinished) == AC_ELSEWHERE);
    CHECK(ac_channel_close(ch) == AC_ELSEWHERE && ac_channel_set_limit(ch, 3) == AC_ELSEWHERE);
    free(seen);
    ac_channel_free(ch);
}

static void test_an_eviction_under_load_hands_over_everything(void) {
    for (uint64_t after = 1; after < ITEMS; after = after * 3 / 2 + 1) {
        evict_under_load(AC_STORE_FIFO, 0, after);
        evict_under_load(AC_STORE_FIFO, 5, after);
        evict_under_load(AC_STORE_FIFO, 1000, after);
        evict_under_load(AC_STORE_LIFO, 0, after);
        evict_under_load(AC_STORE_PAIR, 64, after);
    }
}

static int heard[2];
static void hear(void *arg, int what) { ((int *)arg)[what]++; }

static void test_listeners_are_told_of_what_comes_elsewhere(void) {
    ac_channel *const ch = ac_channel_new(AC_STORE_FIFO, 0);
    ac_store_contents all;
    uint64_t unfinished;
    ch->heard = hear;
    ch->heard_arg = heard;
    CHECK(ac_channel_evict(ch, &all, &unfinished) == AC_OK);
    free(all.part[0]);
    free(all.part[1]);
    ac_channel_tell_listeners(ch, AC_CHANNEL_ITEM);
    CHECK(heard[AC_CHANNEL_ITEM] == 0);
    ac_channel_listen(ch, AC_CHANNEL_ITEM, true);
    ac_channel_tell_listeners(ch, AC_CHANNEL_ITEM);
    ac_channel_tell_listeners(ch, AC_CHANNEL_ROOM);
    CHECK(heard[AC_CHANNEL_ITEM] == 1 && heard[AC_CHANNEL_ROOM] == 0);
    ac_channel_free(ch);
}

int main(void) {
    RUN(test_an_eviction_under_load_hands_over_everything);
    RUN(test_listeners_are_told_of_what_comes_elsewhere);
    return 0;
}
