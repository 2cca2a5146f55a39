/* sharded.c - ac_sharded.h under the checker: each producer's items in its order, none lost, none twice; and two
 * producers whose marks fall on one entry of the table.
 */
#include "base/ac_base.h"

/* What a thread is known by: of the test's choosing, so that two of them collide. */
#include <errno.h>
static _Alignas(16) char marks[64][16];
static int mark_of[MODEL_THREADS];
#undef errno
#define errno (*(int *)(void *)marks[mark_of[model_self()]])
#include "queues/ac_sharded.h"

static ac_sharded q;
static int got[4][4], got_count[4]; /* by each thread, in its order */
static int pushed[4];               /* how many of its items went in */

static void begin(void) {
    MODEL_CHECK(ac_sharded_init(&q, 2));
    memset((void *)got, 0, sizeof got);
    memset((void *)got_count, 0, sizeof got_count);
    memset((void *)pushed, 0, sizeof pushed);
    /* all on the same entry, but not the same mark */
    const uint64_t first = ac_sharded_hash_(marks[0]) & q.entry_mask;
    mark_of[0] = 0;
    int at = 1;
    for (int i = 1; i < 64 && at < MODEL_THREADS; i++)
        if ((ac_sharded_hash_(marks[i]) & q.entry_mask) == first) mark_of[at++] = i;
    MODEL_CHECK(at > 3);
}
/* Items of thread t: 10 * t + 1, then 10 * t + 2. */
static void push(void) {
    const int self = model_self();
    const ac_status status = ac_sharded_try_push(&q, (uintptr_t)(10 * self + pushed[self] + 1));
    MODEL_CHECK(status == AC_OK || status == AC_CLOSED);
    if (status == AC_OK) pushed[self]++;
}
static ac_status pop(void) {
    const int self = model_self();
    uintptr_t item = 0;
    const ac_status status = ac_sharded_try_pop(&q, &item);
    if (status == AC_OK) got[self][got_count[self]++] = (int)item;
    return status;
}
static void finish(void) {
    int seen[4] = {0, 0, 0, 0}, all = 0;
    MODEL_CHECK(ac_sharded_pushed(&q) == (uint64_t)(pushed[1] + pushed[2] + pushed[3]));
    while (ac_sharded_size(&q) > 0) MODEL_CHECK(pop() == AC_OK);
    for (int t = 3; t >= 0; t--) { /* number 0 comes last: it took what was left */
        int last[4] = {0, 0, 0, 0};
        for (int i = 0; i < got_count[t]; i++) {
            const int producer = got[t][i] / 10, number = got[t][i] % 10;
            MODEL_CHECK(producer >= 1 && producer <= 3 && number > last[producer]);
            MODEL_CHECK((seen[producer] >> number & 1) == 0);
            /* all that were taken before it by others come before it: the last taker has the last items */
            if (t == 0) MODEL_CHECK(seen[producer] >> (number + 1) == 0);
            last[producer] = number;
            seen[producer] |= 1 << number;
            all++;
        }
    }
    MODEL_CHECK(all == pushed[1] + pushed[2] + pushed[3]);
    ac_sharded_destroy(&q);
    MODEL_CHECK(model_live_blocks() == 0);
}
static void push2(void) { push(); push(); }
static void push_one(void) { push(); }
static void pop_one(void) { (void)pop(); }
static void pop2(void) { (void)pop(); (void)pop(); }

/* What went in before a look began is found by somebody: who looks in vain after a push of its own has had its
 * item taken by another. */
static int missed[4];
static void begin_found(void) { begin(); memset((void *)missed, 0, sizeof missed); }
static void push_pop(void) {
    push();
    missed[model_self()] = pop() != AC_OK;
}
static void finish_found(void) {
    const uint64_t left = ac_sharded_size(&q);
    finish();
    MODEL_CHECK(got_count[0] == (int)left);
    for (int i = 0; i < got_count[0]; i++) MODEL_CHECK(!missed[got[0][i] / 10]);
}

/* After "closed" nothing is inside, and nothing goes in. */
static bool was_closed;
static void begin_close(void) {
    begin();
    was_closed = false;
    ac_store_relaxed(&q.dealt, UINT64_C(1)); /* the producer's shard is the one that is closed last */
}
static void close_it(void) {
    ac_sharded_close(&q);
    MODEL_CHECK(ac_sharded_is_closed(&q));
}
static void pop_until(void) {
    (void)pop();
    if (pop() == AC_CLOSED) was_closed = true;
}
static void refused(void) {
    if (!ac_sharded_is_closed(&q)) return;
    const int before = pushed[model_self()];
    push();
    MODEL_CHECK(pushed[model_self()] == before);
}
static void push_refused(void) { push(); refused(); }
static void finish_close(void) {
    if (was_closed) MODEL_CHECK(ac_sharded_size(&q) == 0);
    MODEL_CHECK(pop() != AC_EMPTY);
    finish();
}

/* A consumer whose stint in a shard is over goes on elsewhere. */
static void begin_stint(void) {
    begin();
    for (int t = 1; t < 3; t++) {
        MODEL_CHECK(ac_seg_try_push(&q.shards[t - 1].queue, (uintptr_t)(10 * t + 1), AC_SEG_NO_LIMIT) == AC_OK);
        MODEL_CHECK(ac_seg_try_push(&q.shards[t - 1].queue, (uintptr_t)(10 * t + 2), AC_SEG_NO_LIMIT) == AC_OK);
        pushed[t] = 2;
        ac_store_relaxed(&q.shards[t - 1].served, AC_SHARDED_STINT - 1);
    }
}
static void finish_stint(void) {
    MODEL_CHECK(got_count[3] == 2 && got[3][0] / 10 != got[3][1] / 10);
    finish();
}
static void nothing(void) {}

static const model_test tests[] = {
    {.name = "producers", .setup = begin, .thread = {push2, push2}, .finish = finish, .sc = MODEL_ALL, .weak = 2},
    {.name = "consumer", .setup = begin, .thread = {push2, push_one, pop2}, .finish = finish, .sc = 2, .weak = 1},
    {.name = "consumers", .setup = begin, .thread = {push2, pop2, pop_one}, .finish = finish, .sc = 2, .weak = 1},
    {.name = "found", .setup = begin_found, .thread = {push_pop, push_pop}, .finish = finish_found, .sc = MODEL_ALL},
    {.name = "close", .setup = begin_close, .thread = {push_refused, close_it, pop_until},
     .finish = finish_close, .sc = 2, .weak = 1},
    {.name = "stint", .setup = begin_stint, .thread = {nothing, nothing, pop2}, .finish = finish_stint,
     .sc = MODEL_ALL, .weak = MODEL_ALL},
};
MODEL_MAIN(tests)
