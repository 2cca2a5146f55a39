/* spsc.c - ac_spsc.h under the checker. */
#include "queues/ac_spsc.h"

#include "history.h"

static ac_spsc q;
static uint64_t limit;

static void setup1(void) { history_clear(); limit = 1; MODEL_CHECK(ac_spsc_init(&q, 1)); }
static void setup2(void) { history_clear(); limit = 2; MODEL_CHECK(ac_spsc_init(&q, 2)); }
static void push(uintptr_t item) { HISTORY_PUSH(item, ac_spsc_try_push(&q, item, limit)); }
static void pop(void) { HISTORY_POP(to, ac_spsc_try_pop(&q, &to)); }
static void push123(void) { push(1); push(2); push(3); }
static void pop3(void) { pop(); pop(); pop(); }
static void push12(void) { push(1); push(2); }
static void pop2(void) { pop(); pop(); }
static void push_many(void) {
    HISTORY_PUSH_TWO(10, items, done, ac_spsc_try_push_many(&q, items, 2, limit, &done));
    push(3);
}
static void pop_many(void) {
    HISTORY_POP_TWO(items, done, ac_spsc_try_pop_many(&q, items, 2, &done));
    pop();
}
static void close_it(void) { HISTORY_CLOSE(ac_spsc_close(&q)); }

/* The rest is taken out by another thread than the consumer, as the interpreter's collector does. */
static void finish(void) {
    uint64_t count = 0;
    uintptr_t *const rest = ac_spsc_take_all(&q, &count);
    for (uint64_t i = 0; i < count; i++) {
        history_op *const op = history_begin(H_POP, 1);
        op->items[0] = rest[i];
        op->done = 1;
        history_end(op, AC_OK);
    }
    history_check((int)limit, false);
    free(rest);
    ac_spsc_destroy(&q);
    MODEL_CHECK(model_live_blocks() == 0);
}

/* A pop and take_all at the same time: each item goes to one of them. */
static uint64_t got, taken[2], pushed;
static void setup_take(void) { setup2(); got = taken[0] = taken[1] = pushed = 0; }
static void take_push(void) {
    for (uint64_t i = 1; i < 3; i++)
        if (ac_spsc_try_push(&q, i, limit) == AC_OK) pushed += UINT64_C(1) << 8 * i;
}
static void take_pop(void) {
    uintptr_t item;
    for (int i = 0; i < 2; i++)
        if (ac_spsc_try_pop(&q, &item) == AC_OK) got += UINT64_C(1) << 8 * item;
}
static void take_all(int to) {
    uint64_t count;
    uintptr_t *const items = ac_spsc_take_all(&q, &count);
    for (uint64_t i = 0; items != NULL && i < count; i++) taken[to] += UINT64_C(1) << 8 * items[i];
    free(items);
}
static void take_all0(void) { take_all(0); }
static void take_all1(void) { take_all(1); }
static void take_finish(void) {
    MODEL_CHECK(got + taken[0] + taken[1] == pushed);
    ac_spsc_destroy(&q);
    MODEL_CHECK(model_live_blocks() == 0);
}

/* The second thread on a side is told so, whichever was first. */
static int first, second;
static void own1(void) { first = ac_spsc_try_push(&q, 1, limit); }
static void own2(void) { second = ac_spsc_try_push(&q, 2, limit); }
static void own_finish(void) {
    MODEL_CHECK((first == AC_OK && second == AC_MISUSE) || (first == AC_MISUSE && second == AC_OK));
    MODEL_CHECK(ac_spsc_size(&q) == 1);
}

static const model_test tests[] = {
    {.name = "lap", .setup = setup1, .thread = {push123, pop3}, .finish = finish, .sc = MODEL_ALL,
     .weak = MODEL_ALL},
    {.name = "two", .setup = setup2, .thread = {push123, pop2}, .finish = finish, .sc = MODEL_ALL,
     .weak = MODEL_ALL},
    {.name = "many", .setup = setup2, .thread = {push_many, pop_many}, .finish = finish,
     .sc = MODEL_ALL, .weak = MODEL_ALL},
    {.name = "close", .setup = setup1, .thread = {push12, pop2, close_it}, .finish = finish,
     .sc = MODEL_ALL, .weak = MODEL_ALL},
    {.name = "take", .setup = setup_take, .thread = {take_push, take_pop, take_all0},
     .finish = take_finish, .sc = MODEL_ALL, .weak = 2},
    {.name = "take_twice", .setup = setup_take, .thread = {take_push, take_all0, take_all1},
     .finish = take_finish, .sc = MODEL_ALL, .weak = 2},
    {.name = "owner", .setup = setup2, .thread = {own1, own2}, .finish = own_finish,
     .sc = MODEL_ALL, .weak = MODEL_ALL},
};
MODEL_MAIN(tests)
