/* What a queue is inside: each kind behind the same operations, the move from a ring to segments, and the
 * handing over of everything. Order and bounds survive. */
#include "queues/ac_store.h"

#include "queue_stress.h"

static void test_the_bound_decides_where_it_begins(void) {
    ac_store q;
    CHECK(ac_store_init(&q, AC_STORE_FIFO, 4) && ac_load_relaxed(&q.mode) == AC_STORE_RING);
    ac_store_destroy(&q);
    CHECK(ac_store_init(&q, AC_STORE_FIFO, 0) && ac_load_relaxed(&q.mode) == AC_STORE_SEGMENTS);
    ac_store_destroy(&q);
    CHECK(ac_store_init(&q, AC_STORE_FIFO, AC_STORE_MAX_RING + 1) && ac_load_relaxed(&q.mode) == AC_STORE_SEGMENTS);
    ac_store_destroy(&q);
}

static void fill(ac_store *q, uintptr_t *next) {
    while (ac_store_try_push(q, *next) == AC_OK) ++*next;
}

static void test_growing_the_bound_keeps_order_and_exactness(void) {
    for (uint64_t start = 1; start < 6; start++) {
        ac_store q;
        uintptr_t next = 1, expected = 1, item;
        CHECK(ac_store_init(&q, AC_STORE_FIFO, start));
        fill(&q, &next);
        CHECK(ac_store_size(&q) == start);
        ac_store_set_limit(&q, start + 10);
        fill(&q, &next);
        CHECK(ac_store_size(&q) == start + 10 && ac_store_pushed(&q) == start + 10);
        for (int i = 0; i < 3; i++) CHECK(ac_store_try_pop(&q, &item) == AC_OK && item == expected++);
        fill(&q, &next);
        CHECK(ac_store_size(&q) == start + 10);
        ac_store_set_limit(&q, 2); /* below what is inside: it stays, nothing goes in */
        CHECK(ac_store_try_push(&q, 0) == AC_FULL);
        while (ac_store_try_pop(&q, &item) == AC_OK) CHECK(item == expected++);
        CHECK(expected == next);
        fill(&q, &next);
        CHECK(ac_store_size(&q) == 2);
        ac_store_destroy(&q);
    }
}

static void test_a_closed_queue_stays_closed_through_a_move(void) {
    for (int order = 0; order < 2; order++) {
        ac_store q;
        uintptr_t item;
        CHECK(ac_store_init(&q, AC_STORE_FIFO, 2));
        CHECK(ac_store_try_push(&q, 1) == AC_OK);
        if (order == 0) ac_store_close(&q);
        ac_store_set_limit(&q, 100);
        if (order == 1) ac_store_close(&q);
        CHECK(ac_store_is_closed(&q));
        CHECK(ac_store_try_push(&q, 2) == AC_CLOSED);
        CHECK(ac_store_try_pop(&q, &item) == AC_OK && item == 1);
        CHECK(ac_store_try_pop(&q, &item) == AC_CLOSED);
        ac_store_destroy(&q);
    }
}

static void test_batches_cross_the_move(void) {
    ac_store q;
    uintptr_t in[20], out[20];
    uint64_t done;
    for (uintptr_t i = 0; i < 20; i++) in[i] = i;
    CHECK(ac_store_init(&q, AC_STORE_FIFO, 4));
    CHECK(ac_store_try_push_many(&q, in, 20, &done) == AC_OK && done == 4);
    ac_store_set_limit(&q, 0);
    CHECK(ac_store_try_push_many(&q, in + 4, 16, &done) == AC_OK && done == 16);
    uint64_t at = 0;
    while (ac_store_try_pop_many(&q, out, 20, &done) == AC_OK)
        for (uint64_t i = 0; i < done; i++) CHECK(out[i] == at++);
    CHECK(at == 20);
    ac_store_destroy(&q);
}

static ac_status push(void *q, uintptr_t item) { return ac_store_try_push(q, item); }
static ac_status pop(void *q, uintptr_t *item) {
    /* now and then, in the middle of the traffic, the bound grows beyond the ring */
    static _Thread_local uint64_t calls;
    if (++calls == 5000) ac_store_set_limit(q, 1000);
    if (calls == 9000) ac_store_set_limit(q, 3);
    return ac_store_try_pop(q, item);
}

static void test_a_move_under_load_loses_nothing(void) {
    const uint64_t seed = check_seed();
    for (int round = 0; round < 5; round++) {
        ac_store q;
        CHECK(ac_store_init(&q, AC_STORE_FIFO, 8));
        const stress_queue queue = {&q, push, pop};
        CHECK(stress_ok(&queue, 3, 3, check_scale(20000), seed + (uint64_t)round));
        ac_store_destroy(&q);
    }
}

static const struct {
    ac_store_kind kind;
    uint64_t number;
} KINDS[] = {{AC_STORE_FIFO, 64}, {AC_STORE_FIFO, 0}, {AC_STORE_LIFO, 64},
             {AC_STORE_LIFO, 0},  {AC_STORE_PAIR, 64}, {AC_STORE_MANY, 4}};
#define KIND_COUNT (sizeof KINDS / sizeof KINDS[0])

static int visit_sum(uintptr_t item, void *arg) {
    *(uintptr_t *)arg += item;
    return 0;
}

static void test_every_kind_keeps_its_order_and_closes(void) {
    for (size_t k = 0; k < KIND_COUNT; k++) {
        ac_store q;
        uintptr_t item, sum = 0;
        CHECK(ac_store_init(&q, KINDS[k].kind, KINDS[k].number));
        for (uintptr_t i = 1; i <= 50; i++) CHECK(ac_store_try_push(&q, i) == AC_OK);
        CHECK(ac_store_size(&q) == 50 && ac_store_pushed(&q) == 50);
        CHECK(ac_store_visit(&q, visit_sum, &sum) == 0 && sum == 50 * 51 / 2);
        for (uintptr_t i = 1; i <= 20; i++) {
            const uintptr_t expected = KINDS[k].kind == AC_STORE_LIFO ? 51 - i : i;
            CHECK(ac_store_try_pop(&q, &item) == AC_OK && item == expected);
        }
        CHECK(!ac_store_is_closed(&q) && ac_store_close(&q) == AC_OK && ac_store_is_closed(&q));
        CHECK(ac_store_try_push(&q, 1) == AC_CLOSED);
        for (int i = 0; i < 30; i++) CHECK(ac_store_try_pop(&q, &item) == AC_OK);
        CHECK(ac_store_try_pop(&q, &item) == AC_CLOSED && ac_store_size(&q) == 0);
        ac_store_destroy(&q);
    }
}

static void test_bounds_that_a_kind_cannot_have_are_refused(void) {
    ac_store q;
    CHECK(ac_store_init(&q, AC_STORE_MANY, 2));
    CHECK(ac_store_set_limit(&q, 5) == AC_MISUSE && ac_store_set_limit(&q, 0) == AC_OK);
    ac_store_destroy(&q);
    CHECK(ac_store_init(&q, AC_STORE_PAIR, 5));
    CHECK(ac_store_set_limit(&q, 0) == AC_MISUSE && ac_store_set_limit(&q, 9) == AC_MISUSE);
    CHECK(ac_store_set_limit(&q, 8) == AC_OK && ac_store_limit(&q) == 8);
    ac_store_destroy(&q);
    CHECK(!ac_store_init(&q, AC_STORE_PAIR, 0));
    CHECK(!ac_store_init(&q, AC_STORE_MANY, 0));
}

static void test_everything_is_handed_over_in_order(void) {
    for (size_t k = 0; k < KIND_COUNT; k++) {
        for (int moved = 0; moved < 2; moved++) {
            ac_store q;
            ac_store_contents all;
            uintptr_t item;
            CHECK(ac_store_init(&q, KINDS[k].kind, KINDS[k].number));
            for (uintptr_t i = 1; i <= 60; i++) CHECK(ac_store_try_push(&q, i) == AC_OK);
            CHECK(ac_store_try_pop(&q, &item) == AC_OK);
            if (KINDS[k].kind == AC_STORE_MANY) {
                CHECK(ac_store_evict(&q, &all) == AC_MISUSE);
                while (ac_store_try_pop(&q, &item) == AC_OK) {
                }
                ac_store_destroy(&q);
                continue;
            }
            uint64_t last = 60;
            if (moved && KINDS[k].kind == AC_STORE_FIFO) {
                CHECK(ac_store_set_limit(&q, 0) == AC_OK);
                while (last < 200) CHECK(ac_store_try_push(&q, (uintptr_t)++last) == AC_OK);
            }
            if (moved) CHECK(ac_store_close(&q) == AC_OK);
            CHECK(ac_store_evict(&q, &all) == AC_OK && all.was_closed == (moved == 1));
            CHECK(all.count[0] + all.count[1] == last - 1);
            uint64_t expected = KINDS[k].kind == AC_STORE_LIFO ? 59 : 2;
            for (int part = 0; part < 2; part++) {
                for (uint64_t i = 0; i < all.count[part]; i++) {
                    CHECK(all.part[part][i] == expected);
                    expected += KINDS[k].kind == AC_STORE_LIFO ? UINT64_MAX : 1;
                }
                free(all.part[part]);
            }
            CHECK(ac_store_try_push(&q, 1) == AC_ELSEWHERE);
            CHECK(ac_store_try_pop(&q, &item) == AC_ELSEWHERE);
            CHECK(ac_store_close(&q) == AC_ELSEWHERE && ac_store_set_limit(&q, 3) == AC_ELSEWHERE);
            CHECK(ac_store_evict(&q, &all) == AC_ELSEWHERE && ac_store_size(&q) == 0);
            ac_store_destroy(&q);
        }
    }
}

#define AHEAD 5000u

/* One producer, two consumers and one who takes everything: no item is lost or doubled, and whoever pops
 * gets nothing that comes after what was taken. */
typedef struct party {
    ac_store *q;
    int role; /* 0 pushes, 1 pops, 2 takes */
    uint64_t count, sum, greatest, least;
    ac_atomic_u32 *popped;
} party;

static void *act(void *arg) {
    party *const p = arg;
    uintptr_t item;
    ac_status status;
    p->least = UINT64_MAX;
    if (p->role == 0) {
        while ((status = ac_store_try_push(p->q, p->count + 1)) != AC_ELSEWHERE) {
            if (status != AC_OK) continue;
            p->count++;
            p->sum += p->count;
            /* far ahead, while the others wait for a processor: memory, and nothing to see */
            if (p->count > ac_load_relaxed(p->popped) + AHEAD) sched_yield();
        }
    } else if (p->role == 1) {
        while ((status = ac_store_try_pop(p->q, &item)) != AC_ELSEWHERE) {
            if (status != AC_OK) continue;
            ac_fetch_add_relaxed(p->popped, 1u);
            p->count++;
            p->sum += item;
            p->greatest = item;
        }
    } else {
        ac_store_contents all;
        while (ac_load_relaxed(p->popped) < check_scale(2000)) sched_yield();
        CHECK(ac_store_evict(p->q, &all) == AC_OK);
        for (int part = 0; part < 2; part++) {
            for (uint64_t i = 0; i < all.count[part]; i++) {
                p->sum += all.part[part][i];
                if (all.part[part][i] < p->least) p->least = all.part[part][i];
            }
            p->count += all.count[part];
            free(all.part[part]);
        }
    }
    return NULL;
}

static void test_handing_over_under_load_loses_nothing(void) {
    const uint64_t limits[] = {0, 8, 1000};
    const int rounds = (int)check_scale(60);
    for (int round = 0; round < rounds; round++) {
        ac_store q;
        ac_atomic_u32 popped;
        ac_store_relaxed(&popped, 0u);
        CHECK(ac_store_init(&q, AC_STORE_FIFO, limits[round % 3]));
        party parties[4] = {{&q, 0, 0, 0, 0, 0, &popped}, {&q, 1, 0, 0, 0, 0, &popped},
                            {&q, 1, 0, 0, 0, 0, &popped}, {&q, 2, 0, 0, 0, 0, &popped}};
        check_threads(4, act, parties, sizeof parties[0]);
        CHECK(parties[0].count == parties[1].count + parties[2].count + parties[3].count);
        CHECK(parties[0].sum == parties[1].sum + parties[2].sum + parties[3].sum);
        CHECK(parties[1].greatest < parties[3].least && parties[2].greatest < parties[3].least);
        ac_store_destroy(&q);
    }
}

int main(void) {
    RUN(test_the_bound_decides_where_it_begins);
    RUN(test_growing_the_bound_keeps_order_and_exactness);
    RUN(test_a_closed_queue_stays_closed_through_a_move);
    RUN(test_batches_cross_the_move);
    RUN(test_a_move_under_load_loses_nothing);
    RUN(test_every_kind_keeps_its_order_and_closes);
    RUN(test_bounds_that_a_kind_cannot_have_are_refused);
    RUN(test_everything_is_handed_over_in_order);
    RUN(test_handing_over_under_load_loses_nothing);
    return 0;
}
