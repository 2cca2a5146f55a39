/* shm_queue.c - putting between processes under the checker: the commit of a put, its log and repair, segments
 * that are added and used again, what a dead putter had of the pool, sleeping, the end. */
#include "shm_whole.h"

static void empty(void) { begin(1, 0, 2); }
static void two_lanes(void) {
    begin(2, 0, 3);
    ac_store_relaxed(&local[2].lane, 2);
}
static void one_place(void) { begin(1, 1, 2); }

static void put_1_2_3(void) {
    for (uint64_t i = 1; i <= 3; i++) (void)put_by(i, AC_SHM_NOWAIT);
}
static void put_1_2(void) {
    for (uint64_t i = 1; i <= 2; i++) (void)put_by(i, AC_SHM_NOWAIT);
}
static void put_1(void) { (void)put_by(1, AC_SHM_NOWAIT); }
static void put_4(void) { (void)put_by(4, AC_SHM_NOWAIT); }
static void take_one(void) { (void)take_by(AC_SHM_NOWAIT); }
static void take_two(void) {
    (void)take_by(AC_SHM_NOWAIT);
    (void)take_by(AC_SHM_NOWAIT);
}
static void in_order(void) {
    drain();
    for (int t = 0; t < PARTIES; t++)
        for (uint32_t i = 1; i < got_count[t]; i++) MODEL_CHECK(got[t][i] > got[t][i - 1]);
    check_delivery(4, 0);
    check_capacity(2);
}
static void both_arrive(void) {
    drain();
    check_delivery(4, 0);
    check_capacity(2);
}

/* A killed putter: all of its put or nothing, and the count of puts is that of the messages. */
static void repaired(void) {
    ac_shm_queue_mend(mine());
    const ac_shm_lane *const lane = &sh.lanes[0];
    MODEL_CHECK(ac_load_relaxed(&lane->puts) == ac_load_relaxed(&lane->tail) / 32);
    drain();
    check_delivery(4, 0);
    check_capacity(2);
}
static void mended_pool(void) {
    ac_shm_queue_mend(mine());
    ac_store_relaxed(&local[0].lane, 2); /* what the dead had reserved in the first lane is for the second, too */
    (void)put_by(3, AC_SHM_NOWAIT); /* into no segment that another message has */
    drain();
    check_delivery(4, 0);
    ac_shm_queue_tidy(mine());
    check_capacity(3);
}

/* Drained segments, one more than the spares, and a message behind them: memory goes back, and a killed one is in
 * the middle of it. */
static void drained(void) {
    begin(1, 0, 3);
    for (uint64_t i = 1; i <= 3; i++) MODEL_CHECK(put_by(i, AC_SHM_NOWAIT) == AC_SHM_OK);
    take_two();
}
static void tidy(void) { ac_shm_queue_tidy(mine()); }
static void all_of_it(void) {
    ac_shm_queue_mend(mine());
    ac_shm_queue_tidy(mine());
    drain();
    check_delivery(4, 0);
    check_capacity(3);
}

/* What was read in one lane is memory for another, also while a third party is taking it back, or is killed with it. */
static void all_in_the_first_lane(void) {
    begin(2, 0, 3);
    ac_store_relaxed(&local[1].lane, 2);
    for (uint64_t i = 1; i <= 3; i++) MODEL_CHECK(put_by(i, AC_SHM_NOWAIT) == AC_SHM_OK);
    drain();
}
/* One of three segments is free as soon as it is taken back, and then its memory is dropped. */
static void one_is_read(void) {
    begin(2, 0, 3);
    ac_store_relaxed(&local[1].lane, 2);
    for (uint64_t i = 1; i <= 3; i++) MODEL_CHECK(put_by(i, AC_SHM_NOWAIT) == AC_SHM_OK);
    take_one();
    ac_store_relaxed(&sh.pool.keep, 0);
    for (int t = 0; t < PARTIES; t++) q[t].pool.spares = 0;
}
static void put_4_at_last(void) { MODEL_CHECK(put_by(4, AC_SHM_NOWAIT) == AC_SHM_OK); }

/* Processes that have no lane yet: each gets one that takers see. */
static void no_lanes(void) {
    begin(2, 0, 3);
    ac_store_relaxed(&sh.lanes_used, 0);
    ac_store_relaxed(&local[1].lane, 0);
    ac_store_relaxed(&local[2].lane, 0);
}
static void all_seen(void) {
    const uint32_t used = ac_load_relaxed(&sh.lanes_used);
    MODEL_CHECK(used == 2 && ac_load_relaxed(&local[1].lane) + ac_load_relaxed(&local[2].lane) == 3);
    drain();
    check_delivery(4, 0);
}

/* A taker that sleeps is woken by the put: its sleep ends by its deadline only when nobody else can go on. */
static void take_sleeping(void) { MODEL_CHECK(take_by(AC_FOREVER) == AC_SHM_OK); }
static void put_two_sleeping(void) {
    MODEL_CHECK(put_by(1, AC_FOREVER) == AC_SHM_OK);
    MODEL_CHECK(put_by(2, AC_FOREVER) == AC_SHM_OK);
}

/* The end: what was put before it comes out before it. */
static void shut_down(void) { MODEL_CHECK(ac_shm_queue_shutdown(mine(), false) == AC_SHM_OK); }
static void take_to_the_end(void) {
    ac_shm_status status;
    while ((status = take_by(AC_FOREVER)) == AC_SHM_OK) {
    }
    MODEL_CHECK(status == AC_SHM_CLOSED);
}
static void all_came_out(void) {
    MODEL_CHECK(ac_shm_queue_is_empty(mine()) && put_by(9, AC_SHM_NOWAIT) == AC_SHM_CLOSED);
    check_delivery(1, 0);
}
/* A killed one is followed by whoever waits: after a slice, or two. */
static void take_until_closed(void) {
    for (int slices = 0; slices < 3; slices++) {
        const ac_shm_status status = take_by(AC_FOREVER);
        if (status == AC_SHM_CLOSED) return;
    }
    MODEL_CHECK(!ac_load_relaxed(&sh.lanes[0].closed)); /* half of an end would be for ever */
}

/* Joining: as many done as were put. */
static void work(void) {
    MODEL_CHECK(take_by(AC_SHM_NOWAIT) == AC_SHM_OK);
    MODEL_CHECK(ac_shm_queue_done(mine()));
}
static void join(void) {
    MODEL_CHECK(ac_shm_queue_join(mine(), AC_FOREVER) == AC_SHM_OK);
    MODEL_CHECK(ac_load_relaxed(&sh.done) == 1);
}
static void one_inside(void) {
    empty();
    (void)put_by(1, AC_SHM_NOWAIT);
}

static const model_test tests[] = {
    {.name = "flow", .setup = empty, .thread = {put_1_2_3, take_two}, .finish = in_order, .sc = 2},
    {.name = "weak", .setup = empty, .thread = {put_1_2_3, take_one}, .finish = in_order, .weak = 1},
    {.name = "one_lane", .setup = empty, .thread = {put_1, put_4}, .finish = both_arrive, .sc = 2, .weak = 1},
    {.name = "killed", .setup = empty, .thread = {put_1_2, put_4}, .finish = repaired, .sc = 1, .mortal = 1u << 1},
    {.name = "killed_in_pool", .setup = two_lanes, .thread = {put_1_2, put_4}, .finish = mended_pool, .sc = 1,
     .mortal = 1u << 1},
    {.name = "killed_in_tidy", .setup = drained, .thread = {tidy, put_4}, .finish = all_of_it, .sc = 1,
     .mortal = 1u << 1},
    {.name = "memory_of_another", .setup = all_in_the_first_lane, .thread = {put_4_at_last}, .finish = all_of_it,
     .sc = 2},
    {.name = "memory_of_a_tidier", .setup = all_in_the_first_lane, .thread = {put_4_at_last, tidy}, .finish = all_of_it,
     .sc = 2},
    {.name = "memory_of_a_dead_tidier", .setup = all_in_the_first_lane, .thread = {put_4_at_last, tidy},
     .finish = all_of_it, .sc = 1, .mortal = 1u << 2},
    {.name = "memory_of_a_trimmer", .setup = one_is_read, .thread = {put_4_at_last, tidy}, .finish = all_of_it,
     .sc = 2},
    {.name = "lanes", .setup = no_lanes, .thread = {put_1, put_4, take_two}, .finish = all_seen, .sc = 1},
    {.name = "sleep", .setup = empty, .thread = {take_sleeping, put_1}, .sc = 3, .weak = 2},
    {.name = "room", .setup = one_place, .thread = {put_two_sleeping, take_sleeping}, .sc = 2, .weak = 1},
    {.name = "end", .setup = empty, .thread = {put_1, shut_down, take_to_the_end}, .finish = all_came_out, .sc = 1},
    {.name = "killed_end", .setup = empty, .thread = {shut_down, take_until_closed}, .sc = 1, .mortal = 1u << 1},
    {.name = "join", .setup = one_inside, .thread = {work, join}, .sc = 2, .weak = 1},
};
MODEL_MAIN(tests)
