/* mpmc.c - ac_mpmc.h under the checker. */
#include "queues/ac_mpmc.h"

#include "history.h"

static ac_mpmc q;
static uint64_t limit;

static void setup1(void) { history_clear(); limit = 1; MODEL_CHECK(ac_mpmc_init(&q, 1)); }
static void setup2(void) { history_clear(); limit = 2; MODEL_CHECK(ac_mpmc_init(&q, 2)); }
static void push(uintptr_t item) { HISTORY_PUSH(item, ac_mpmc_try_push(&q, item, limit)); }
static void pop(void) { HISTORY_POP(to, ac_mpmc_try_pop(&q, &to)); }
static void push1(void) { push(1); }
static void push2(void) { push(2); }
static void push3(void) { push(3); }
static void push12(void) { push(1); push(2); }
static void pop2(void) { pop(); pop(); }
static void pop_push(void) { pop(); push(4); }
static void close_it(void) { HISTORY_CLOSE(ac_mpmc_close(&q)); }
static void push_many(void) {
    HISTORY_PUSH_TWO(10, items, done, ac_mpmc_try_push_many(&q, items, 2, limit, &done));
}
static void pop_many(void) { HISTORY_POP_TWO(items, done, ac_mpmc_try_pop_many(&q, items, 2, &done)); }

static void finish(void) {
    while (ac_mpmc_size(&q) > 0) pop();
    history_check((int)limit, false);
    ac_mpmc_destroy(&q);
    MODEL_CHECK(model_live_blocks() == 0);
}

/* The second lap of a ring that was full: slots are given back while the other side still reads. */
static void setup_full(void) { setup2(); push(8); push(9); }
static void push34(void) { push(3); push(4); }

static const model_test tests[] = {
    {.name = "lap", .setup = setup1, .thread = {push12, pop2}, .finish = finish, .sc = MODEL_ALL,
     .weak = MODEL_ALL},
    {.name = "producers", .setup = setup1, .thread = {push1, push2, pop}, .finish = finish,
     .sc = MODEL_ALL, .weak = 2},
    {.name = "consumers", .setup = setup2, .thread = {push12, pop, pop}, .finish = finish,
     .sc = MODEL_ALL, .weak = 2},
    {.name = "full", .setup = setup1, .thread = {push12, pop_push}, .finish = finish,
     .sc = MODEL_ALL, .weak = 3},
    {.name = "reuse", .setup = setup_full, .thread = {push34, pop, pop}, .finish = finish,
     .sc = MODEL_ALL, .weak = 2},
    {.name = "close", .setup = setup1, .thread = {push12, close_it, pop2}, .finish = finish,
     .sc = 3, .weak = 2},
    {.name = "many", .setup = setup2, .thread = {push_many, push3, pop_many}, .finish = finish,
     .sc = MODEL_ALL, .weak = 2},
};
MODEL_MAIN(tests)
