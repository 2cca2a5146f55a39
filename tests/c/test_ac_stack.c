/* The stack under its lock: order, bounds, memory given back, and many threads. */
#include "queues/ac_stack.h"

#include "queue_stress.h"

static void test_last_in_first_out_up_to_the_limit(void) {
    ac_stack q;
    uintptr_t item = 0;
    ac_stack_init(&q);
    CHECK(ac_stack_try_pop(&q, &item) == AC_EMPTY);
    for (uintptr_t i = 0; i < 7; i++) CHECK(ac_stack_try_push(&q, i, 7) == AC_OK);
    CHECK(ac_stack_try_push(&q, 7, 7) == AC_FULL && ac_stack_size(&q) == 7);
    CHECK(ac_stack_try_push(&q, 7, 8) == AC_OK && ac_stack_try_push(&q, 8, 3) == AC_FULL);
    for (uintptr_t i = 8; i-- > 0;) CHECK(ac_stack_try_pop(&q, &item) == AC_OK && item == i);
    CHECK(ac_stack_pushed(&q) == 8 && ac_stack_size(&q) == 0);
    ac_stack_destroy(&q);
}

static void test_batches(void) {
    ac_stack q;
    uintptr_t in[50], out[50];
    uint64_t done;
    for (uintptr_t i = 0; i < 50; i++) in[i] = i;
    ac_stack_init(&q);
    CHECK(ac_stack_try_push_many(&q, in, 50, 33, &done) == AC_OK && done == 33);
    CHECK(ac_stack_try_push_many(&q, in, 50, 33, &done) == AC_FULL && done == 0);
    CHECK(ac_stack_try_pop_many(&q, out, 30, &done) == AC_OK && done == 30 && out[0] == 32);
    CHECK(ac_stack_try_pop_many(&q, out, 30, &done) == AC_OK && done == 3 && out[2] == 0);
    CHECK(ac_stack_try_pop_many(&q, out, 30, &done) == AC_EMPTY && done == 0);
    ac_stack_destroy(&q);
}

static void test_memory_is_given_back_as_it_empties(void) {
    ac_stack q;
    uintptr_t item;
    ac_stack_init(&q);
    for (uintptr_t i = 0; i < 100000; i++) CHECK(ac_stack_try_push(&q, i, AC_STACK_NO_LIMIT) == AC_OK);
    CHECK(q.room >= 100000);
    while (ac_stack_try_pop(&q, &item) == AC_OK) CHECK(q.room <= 8 * (ac_stack_size(&q) + AC_STACK_LEAST));
    CHECK(q.room <= 2 * AC_STACK_LEAST);
    ac_stack_destroy(&q);
}

static uintptr_t kept;
static void keep(uintptr_t item) { kept = item; }

static void test_peek_close_and_taking_everything(void) {
    ac_stack q;
    uintptr_t item = 0;
    uint64_t count;
    ac_stack_init(&q);
    CHECK(ac_stack_peek(&q, keep, &item) == AC_EMPTY);
    CHECK(ac_stack_try_push(&q, 4, 9) == AC_OK && ac_stack_try_push(&q, 5, 9) == AC_OK);
    CHECK(ac_stack_peek(&q, keep, &item) == AC_OK && item == 5 && kept == 5 && ac_stack_size(&q) == 2);
    ac_stack_close(&q);
    CHECK(ac_stack_is_closed(&q) && ac_stack_try_push(&q, 6, 9) == AC_CLOSED);
    uintptr_t *const all = ac_stack_take_all(&q, &count);
    CHECK(count == 2 && all[0] == 4 && all[1] == 5);
    free(all);
    CHECK(ac_stack_try_pop(&q, &item) == AC_CLOSED && ac_stack_peek(&q, keep, &item) == AC_CLOSED);
    ac_stack_destroy(&q);
}

/* A stack keeps no order between a producer's items that a consumer could check one by one, so the
 * stress counts and sums alone. */
typedef struct side {
    ac_stack *q;
    bool pushes;
    uint64_t moves, sum;
} side;

static void *move(void *arg) {
    side *const s = arg;
    for (uint64_t i = 1; i <= s->moves; i++) {
        uintptr_t item = i;
        while ((s->pushes ? ac_stack_try_push(s->q, item, 100) : ac_stack_try_pop(s->q, &item)) != AC_OK)
            sched_yield();
        s->sum += item;
    }
    return NULL;
}

static void test_many_threads_lose_and_double_nothing(void) {
    ac_stack q;
    side sides[6];
    ac_stack_init(&q);
    for (int i = 0; i < 6; i++) sides[i] = (side){&q, i % 2 == 0, check_scale(30000), 0};
    check_threads(6, move, sides, sizeof sides[0]);
    CHECK(sides[0].sum + sides[2].sum + sides[4].sum == sides[1].sum + sides[3].sum + sides[5].sum);
    CHECK(ac_stack_size(&q) == 0 && ac_stack_pushed(&q) == 3 * check_scale(30000));
    ac_stack_destroy(&q);
}

int main(void) {
    RUN(test_last_in_first_out_up_to_the_limit);
    RUN(test_batches);
    RUN(test_memory_is_given_back_as_it_empties);
    RUN(test_peek_close_and_taking_everything);
    RUN(test_many_threads_lose_and_double_nothing);
    return 0;
}
