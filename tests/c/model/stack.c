/* stack.c - ac_stack.h under the checker. */
#include "queues/ac_stack.h"

#include "history.h"

static ac_stack q;
static uint64_t limit;

static void setup(void) { history_clear(); limit = 8; ac_stack_init(&q); }
static void setup1(void) { setup(); limit = 1; }
static void push(uintptr_t item) { HISTORY_PUSH(item, ac_stack_try_push(&q, item, limit)); }
static void pop(void) { HISTORY_POP(to, ac_stack_try_pop(&q, &to)); }
static void setup16(void) {
    setup();
    limit = 99;
    for (uintptr_t i = 0; i < 16; i++) MODEL_CHECK(ac_stack_try_push(&q, 100, limit) == AC_OK);
}
static void push12(void) { push(1); push(2); }
static void push3(void) { push(3); }
static void pop2(void) { pop(); pop(); }
static void push_many(void) {
    HISTORY_PUSH_TWO(10, items, done, ac_stack_try_push_many(&q, items, 2, limit, &done));
}
static void close_it(void) { HISTORY_CLOSE(ac_stack_close(&q)); }
static void finish(void) {
    while (ac_stack_size(&q) > 0) pop();
    history_check((int)limit, true);
    ac_stack_destroy(&q);
    MODEL_CHECK(model_live_blocks() == 0);
}
/* Grows while another pops: the array moves under the lock. */
static uint64_t sum[3];
static void grow(void) { (void)ac_stack_try_push(&q, 1, limit); }
static void shrink(void) { uintptr_t item = 0; (void)ac_stack_try_pop(&q, &item); sum[model_self() - 1] = item; }
static void grown(void) {
    uint64_t count;
    uintptr_t *const items = ac_stack_take_all(&q, &count);
    MODEL_CHECK(count == 16 && ac_stack_pushed(&q) == 17 && ac_stack_size(&q) == 0);
    for (uint64_t i = 0; i < count; i++) sum[0] += items[i];
    MODEL_CHECK(sum[0] + sum[1] == 1601);
    free(items);
    MODEL_CHECK(model_live_blocks() == 0);
}
static void setup_grow(void) { setup16(); sum[0] = sum[1] = sum[2] = 0; }

static const model_test tests[] = {
    {.name = "two", .setup = setup, .thread = {push12, pop2}, .finish = finish, .sc = MODEL_ALL, .weak = 2},
    {.name = "three", .setup = setup1, .thread = {push12, pop, push3}, .finish = finish, .sc = 2, .weak = 1},
    {.name = "close", .setup = setup, .thread = {push12, close_it, pop}, .finish = finish, .sc = 2, .weak = 1},
    {.name = "many", .setup = setup, .thread = {push_many, pop2}, .finish = finish, .sc = MODEL_ALL, .weak = 2},
    {.name = "grow", .setup = setup_grow, .thread = {grow, shrink}, .finish = grown, .sc = MODEL_ALL, .weak = 2},
};
MODEL_MAIN(tests)
