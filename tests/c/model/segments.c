/* segments.c - ac_segments.h under the checker. A test begins with most of a block used up, so that the
 * few operations cross from one block to the next. */
#include "queues/ac_segments.h"

#include "history.h"

static ac_segments q;

/* As after so many pushes and pops, which would take most of the time if they were made. */
static void begin(uint32_t used) {
    history_clear();
    MODEL_CHECK(ac_seg_init(&q));
    ac_seg_block *const block = ac_load_relaxed(&q.head_block);
    for (uint32_t i = 0; i < used; i++) ac_store_relaxed(&block->slots[i].state, AC_SEG_READ);
    ac_store_relaxed(&q.tail, (uint64_t)used * 2);
    ac_store_relaxed(&q.head, (uint64_t)used);
}
static void push(uintptr_t item) { HISTORY_PUSH(item, ac_seg_try_push(&q, item, AC_SEG_NO_LIMIT)); }
static void push_bound(uintptr_t item) { HISTORY_PUSH(item, ac_seg_try_push(&q, item, 1)); }
static void pop(void) { HISTORY_POP(to, ac_seg_try_pop(&q, &to)); }
static void setup0(void) { begin(0); }
static void setup30(void) { begin(30); } /* one slot left */
static void setup29_two(void) { begin(29); push(8); push(9); }
static void push1(void) { push(1); }
static void push12(void) { push(1); push(2); }
static void push3(void) { push(3); }
static void pop2(void) { pop(); pop(); }
static void bound12(void) { push_bound(1); push_bound(2); }
static void push_many(void) {
    HISTORY_PUSH_TWO(10, items, done, ac_seg_push_some_(&q, items, 2, AC_SEG_NO_LIMIT, &done));
}
static void pop_many(void) { HISTORY_POP_TWO(items, done, ac_seg_pop_some_(&q, items, 2, &done)); }
static void close_it(void) { HISTORY_CLOSE(ac_seg_close(&q)); }
static void finish_limit(int limit) {
    while (ac_seg_size(&q) > 0) pop();
    history_check(limit, false);
    ac_seg_destroy(&q);
    MODEL_CHECK(model_live_blocks() == 0);
}
static void finish(void) { finish_limit(16); }
static void finish1(void) { finish_limit(1); }

/* The drained block is used again at once, while its last readers are on their way out: the free is
 * a write to all of it, which nothing of theirs may follow, or stand beside. */
static void setup28_three(void) { begin(28); push(7); push(8); push(9); }
static void setup27_four(void) { begin(27); push(6); push(7); push(8); push(9); }
static void clear_again(void) { free(ac_seg_new_block_(&q)); } /* as a producer begins */
static void reuse(void) { free(ac_gexchange_acq_rel(&q.spare, NULL)); } /* its first step alone */
static void pop_many_reuse(void) { pop_many(); reuse(); }
static void pop_clear(void) { pop(); clear_again(); }

/* Everything taken out at one instant, after a close, while others push and pop. */
static uint64_t pushed, got, taken;
static void setup_take(void) { begin(30); pushed = got = taken = 0; }
static void take_push(void) {
    for (uint64_t i = 1; i < 3; i++)
        if (ac_seg_try_push(&q, i, AC_SEG_NO_LIMIT) == AC_OK) pushed += UINT64_C(1) << 8 * i;
}
static void take_pop(void) {
    uintptr_t item;
    if (ac_seg_try_pop(&q, &item) == AC_OK) got += UINT64_C(1) << 8 * item;
}
static void take_all(void) {
    uint64_t count;
    ac_seg_close(&q);
    uintptr_t *const items = ac_seg_take_all(&q, &count);
    for (uint64_t i = 0; i < count; i++) taken += UINT64_C(1) << 8 * items[i];
    free(items);
}
static void take_finish(void) {
    MODEL_CHECK(got + taken == pushed && ac_seg_size(&q) == 0);
    ac_seg_destroy(&q);
    MODEL_CHECK(model_live_blocks() == 0);
}

static const model_test tests[] = {
    {.name = "reuse", .setup = setup28_three, .thread = {pop, pop_many, reuse}, .finish = finish,
     .sc = 3, .weak = 2},
    {.name = "reuse_one", .setup = setup29_two, .thread = {pop_clear, pop_clear}, .finish = finish,
     .sc = MODEL_ALL, .weak = 1},
    {.name = "reuse_many", .setup = setup27_four, .thread = {pop_many_reuse, pop_many_reuse},
     .finish = finish, .sc = MODEL_ALL, .weak = MODEL_ALL},
    {.name = "chain", .setup = setup27_four, .thread = {pop, pop, pop_many_reuse}, .finish = finish,
     .sc = 2, .weak = 1},
    {.name = "inside", .setup = setup0, .thread = {push12, pop2}, .finish = finish, .sc = MODEL_ALL,
     .weak = MODEL_ALL},
    {.name = "cross", .setup = setup30, .thread = {push12, pop2}, .finish = finish, .sc = MODEL_ALL,
     .weak = 2},
    {.name = "producers", .setup = setup30, .thread = {push1, push3, pop}, .finish = finish, .sc = 2},
    {.name = "last_reader", .setup = setup29_two, .thread = {pop, pop, push1}, .finish = finish,
     .sc = 2, .weak = 1},
    {.name = "bound", .setup = setup30, .thread = {bound12, pop2}, .finish = finish1, .sc = MODEL_ALL,
     .weak = 2},
    {.name = "many", .setup = setup29_two, .thread = {push_many, pop_many, pop}, .finish = finish,
     .sc = 2, .weak = 1},
    {.name = "close", .setup = setup30, .thread = {push12, close_it, pop2}, .finish = finish, .sc = 2,
     .weak = 1},
    {.name = "take", .setup = setup_take, .thread = {take_push, take_all, take_pop},
     .finish = take_finish, .sc = 2},
};
MODEL_MAIN(tests)
