/* channel.c - ac_channel.h under the checker, with the callers' loops (src/allcores/_native/queues_moves.pxi). */
#include "queues/ac_channel.h"

static ac_channel *ch;
static uint32_t got[8], refused, heard_count;

static void begin(uint64_t limit) {
    ch = ac_channel_new(AC_STORE_FIFO, limit);
    memset(got, 0, sizeof got);
    refused = heard_count = 0;
}
static void bound1(void) { begin(1); }
static void unbound(void) { begin(0); }

static bool get(uintptr_t *item) {
    bool slept = false;
    ac_status status = ac_channel_pop(ch, item);
    while (status == AC_EMPTY) {
        const uint32_t key = ac_ec_prepare(&ch->not_empty);
        status = ac_channel_pop(ch, item);
        if (status != AC_EMPTY) break;
        ac_ec_wait(&ch->not_empty, key, AC_FOREVER, AC_WAIT_PRIVATE);
        slept = true;
    }
    if (slept) ac_channel_pass_get(ch);
    return status == AC_OK;
}
static bool put(uintptr_t item) {
    bool slept = false;
    ac_status status = ac_channel_push(ch, item);
    while (status == AC_FULL) {
        const uint32_t key = ac_ec_prepare(&ch->not_full);
        status = ac_channel_push(ch, item);
        if (status != AC_FULL) break;
        ac_ec_wait(&ch->not_full, key, AC_FOREVER, AC_WAIT_PRIVATE);
        slept = true;
    }
    if (slept) ac_channel_pass_put(ch);
    return status == AC_OK;
}
static void get_one(void) {
    uintptr_t item;
    MODEL_CHECK(get(&item));
    got[model_self()] = (uint32_t)item;
}
static void get_two(void) {
    uintptr_t a, b;
    MODEL_CHECK(get(&a) && get(&b) && a == 1 && b == 2);
    got[model_self()] = 3;
}
static void get_or_end(void) { uintptr_t item; if (get(&item)) got[model_self()] = (uint32_t)item; }
static void put1(void) { MODEL_CHECK(put(1)); }
static void put12(void) { MODEL_CHECK(put(1) && put(2)); }
static void put1_close(void) { MODEL_CHECK(put(1)); MODEL_CHECK(ac_channel_close(ch) == AC_OK); }
static void put_many(void) {
    const uintptr_t items[2] = {1, 2};
    uint64_t done;
    MODEL_CHECK(ac_store_try_push_many(&ch->store, items, 2, &done) == AC_OK && done == 2);
    ac_channel_pushed(ch, done);
}
static void sum3(void) {
    MODEL_CHECK(got[1] + got[2] + got[3] == 3 && ac_store_size(&ch->store) == 0);
    ac_channel_free(ch);
    MODEL_CHECK(model_live_blocks() == 0);
}
static void sum1(void) {
    MODEL_CHECK(got[1] + got[2] + got[3] == 1);
    ac_channel_free(ch);
}
/* Tasks: join wakes when all are done. */
static void work(void) { get_one(); MODEL_CHECK(ac_channel_finish(ch, 1) == AC_OK); }
static void join(void) {
    for (;;) {
        const uint32_t key = ac_ec_prepare(&ch->all_done);
        if (ac_channel_unfinished(ch) == 0) break;
        ac_ec_wait(&ch->all_done, key, AC_FOREVER, AC_WAIT_PRIVATE);
    }
    MODEL_CHECK(got[1] == 1);
}
static void setup_tasks(void) { begin(0); MODEL_CHECK(put(1)); }
/* A listener is called, or finds the item itself. */
static void hear(void *arg, int what) { (void)arg; heard_count += what == AC_CHANNEL_ITEM; }
static void setup_listen(void) { begin(0); ch->heard = hear; }
static uint32_t found;
static void listen(void) {
    ac_channel_listen(ch, AC_CHANNEL_ITEM, true);
    found = ac_store_size(&ch->store) > 0;
}
static void told(void) { MODEL_CHECK(heard_count + found >= 1); ac_channel_free(ch); }
/* The bound goes away: who waited for room goes on. */
static void setup_full(void) { begin(1); MODEL_CHECK(put(1)); }
static void unbind(void) { MODEL_CHECK(ac_channel_set_limit(ch, 0) == AC_OK); }
static void put2(void) { MODEL_CHECK(put(2)); }
static void both_in(void) { MODEL_CHECK(ac_store_size(&ch->store) == 2); ac_channel_free(ch); }

static const model_test tests[] = {
    {.name = "hand_over", .setup = bound1, .thread = {get_two, put12}, .finish = sum3, .sc = 2, .weak = 1},
    {.name = "getters", .setup = unbound, .thread = {get_one, get_one, put12}, .finish = sum3, .sc = 2,
     .weak = 1},
    {.name = "many", .setup = unbound, .thread = {get_one, get_one, put_many}, .finish = sum3, .sc = 2,
     .weak = 1},
    {.name = "close", .setup = bound1, .thread = {get_or_end, get_or_end, put1_close}, .finish = sum1,
     .sc = 2, .weak = 1},
    {.name = "tasks", .setup = setup_tasks, .thread = {work, join}, .sc = MODEL_ALL, .weak = 2},
    {.name = "listen", .setup = setup_listen, .thread = {listen, put1}, .finish = told, .sc = MODEL_ALL,
     .weak = MODEL_ALL},
    {.name = "room", .setup = setup_full, .thread = {put2, unbind}, .finish = both_in, .sc = 3, .weak = 2},
};
MODEL_MAIN(tests)
