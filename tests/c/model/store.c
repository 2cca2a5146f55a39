/* store.c - ac_store.h under the checker: the move from ring to segments, the hand-over, the close. */
#include "queues/ac_store.h"

#include "history.h"

static ac_store q;
static int limit;
static uint64_t taken[2][4], taken_count[2];

static void begin(ac_store_kind kind, uint64_t number) {
    history_clear();
    limit = (int)number;
    taken_count[0] = taken_count[1] = 0;
    MODEL_CHECK(ac_store_init(&q, kind, number));
}
static void ring1(void) { begin(AC_STORE_FIFO, 1); }
static void fifo(void) { begin(AC_STORE_FIFO, 0); limit = 16; }
static void lifo(void) { begin(AC_STORE_LIFO, 0); limit = 16; }
static void pair(void) { begin(AC_STORE_PAIR, 1); }

static void push(uintptr_t item) { HISTORY_PUSH(item, ac_store_try_push(&q, item)); }
static void pop(void) { HISTORY_POP(to, ac_store_try_pop(&q, &to)); }
static void push12(void) { push(1); push(2); }
static void pop2(void) { pop(); pop(); }
static void close_it(void) { HISTORY_CLOSE((void)ac_store_close(&q)); }
static void push_some(void) {
    uintptr_t item = 1;
    for (; item < 3; item++)
        if (ac_store_try_push(&q, item) == AC_OK) taken[0][taken_count[0]++] = item;
}
static void pop_some(void) {
    uintptr_t item;
    for (int i = 0; i < 2; i++)
        if (ac_store_try_pop(&q, &item) == AC_OK) taken[1][taken_count[1]++] = item;
}
static void free_all(void) {
    ac_store_destroy(&q);
    MODEL_CHECK(model_live_blocks() == 0);
}
static void finish(void) {
    while (ac_store_size(&q) > 0) pop();
    history_check(limit, ac_load_relaxed(&q.mode) == AC_STORE_STACK);
    free_all();
}
/* The consumer is another thread: what is left is taken out as the collector does it. */
static void finish_pair(void) {
    uint64_t count;
    uintptr_t *const rest = ac_store_take_rest(&q, &count);
    for (uint64_t i = 0; i < count; i++) HISTORY_POP(to, (to = rest[i], AC_OK));
    history_check(limit, false);
    free(rest);
    free_all();
}
/* The bound grows to none while others push and pop: order is kept, nothing lost. */
static void unbind(void) { MODEL_CHECK(ac_store_set_limit(&q, 0) == AC_OK); }
/* One thread alone at the queue while it moves: every push goes in, every pop finds it. */
static void own(void) {
    for (uintptr_t item = 1, got = 0; item < 3; item++) {
        MODEL_CHECK(ac_store_try_push(&q, item) == AC_OK);
        MODEL_CHECK(ac_store_try_pop(&q, &got) == AC_OK && got == item);
    }
}
static void in_order(void) {
    uintptr_t item;
    while (ac_store_try_pop(&q, &item) == AC_OK) taken[1][taken_count[1]++] = item;
    MODEL_CHECK(taken_count[0] == taken_count[1]);
    for (uint64_t i = 0; i < taken_count[0]; i++) MODEL_CHECK(taken[0][i] == taken[1][i]);
    free_all();
}
/* Everything handed over: each item is with a popper or among them, in order, and none comes later. */
static ac_store_contents all;
static void evict(void) { MODEL_CHECK(ac_store_evict(&q, &all) == AC_OK); }
static void handed_over(void) {
    for (int part = 0; part < 2; part++)
        for (uint64_t i = 0; i < all.count[part]; i++) taken[1][taken_count[1]++] = all.part[part][i];
    free(all.part[0]);
    free(all.part[1]);
    MODEL_CHECK(taken_count[0] == taken_count[1]);
    for (uint64_t i = 0; i < taken_count[0]; i++) MODEL_CHECK(taken[0][i] == taken[1][i]);
    uintptr_t item;
    MODEL_CHECK(ac_store_try_push(&q, 9) == AC_ELSEWHERE && ac_store_try_pop(&q, &item) == AC_ELSEWHERE);
    free_all();
}

static const model_test tests[] = {
    {.name = "ring", .setup = ring1, .thread = {push12, pop2}, .finish = finish, .sc = MODEL_ALL, .weak = 2},
    {.name = "segments", .setup = fifo, .thread = {push12, pop2}, .finish = finish, .sc = MODEL_ALL, .weak = 2},
    {.name = "stack", .setup = lifo, .thread = {push12, pop2}, .finish = finish, .sc = 3, .weak = 2},
    {.name = "pair", .setup = pair, .thread = {push12, pop2}, .finish = finish_pair, .sc = MODEL_ALL, .weak = 2},
    {.name = "close", .setup = fifo, .thread = {push12, close_it, pop}, .finish = finish, .sc = 2, .weak = 1},
    {.name = "move", .setup = ring1, .thread = {push_some, pop_some, unbind}, .finish = in_order, .sc = 2,
     .weak = 1},
    {.name = "move_own", .setup = ring1, .thread = {own, unbind}, .finish = free_all, .sc = MODEL_ALL, .weak = 2},
    {.name = "evict_ring", .setup = ring1, .thread = {push_some, pop_some, evict}, .finish = handed_over,
     .sc = 2, .weak = 1},
    {.name = "evict_segments", .setup = fifo, .thread = {push_some, pop_some, evict}, .finish = handed_over,
     .sc = 2, .weak = 1},
};
MODEL_MAIN(tests)
