/* shm_pool.c - the pool of segments of ac_shm_stream.c under the checker: lanes that take and give back without a
 * lock, one of them killed, and the repair by its successor.
 *
 * A thread is the one writer of a lane, as the lane's lock has it. A message is one segment of 32 bytes; the
 * payload is plain data: a segment that two have is a race. Bodies of this file: memory under a segment.
 */
#include "shm/ac_shm_stream.h"

#define SEGMENTS 3u
#define LANES 3u

static struct segment_bytes {
    uint64_t payload, rest[3];
} data[SEGMENTS];
static uint64_t memory[SEGMENTS]; /* there is some under the segment */
static ac_shm_pool pool;
static ac_shm_pool_shared shared;
static ac_atomic_u32 words[SEGMENTS];
static struct lane {
    ac_shm_stream_shared stream;
    ac_atomic_u32 table[4];
    ac_atomic_u64 head, tail; /* the writer's, as the queue has them */
    ac_shm_stream s;
} lanes[LANES];
static ac_atomic_u32 edge; /* what stands between two plain stores is a place to die at */

int ac_shm_region_back(const ac_shm_region *r, size_t offset, size_t bytes) {
    (void)r;
    if (bytes != sizeof data[0]) return 0;
    ac_store_relaxed(&edge, 0);
    memory[offset / sizeof data[0]] = 1;
    return 0;
}
int ac_shm_region_drop(const ac_shm_region *r, size_t offset, size_t bytes) {
    (void)r, (void)bytes;
    MODEL_CHECK(memory[offset / sizeof data[0]]);
    memory[offset / sizeof data[0]] = 0;
    data[offset / sizeof data[0]].payload = 0;
    ac_store_relaxed(&edge, 0);
    return 0;
}

#include "shm/ac_shm_stream.c"

static void begin(uint32_t segments, uint32_t spares) {
    const ac_shm_region region = {.base = (uint8_t *)data};
    memset(data, 0, sizeof data);
    memset(memory, 0, sizeof memory);
    memset(&shared, 0, sizeof shared);
    memset(words, 0, sizeof words);
    memset(lanes, 0, sizeof lanes);
    ac_shm_pool_open(&pool, &region, &shared, words, (uint8_t *)data, 5, segments, spares);
    for (uint32_t i = 0; i < LANES; i++) lanes[i].s = (ac_shm_stream){&lanes[i].stream, lanes[i].table, i + 1};
}

static uint64_t *payload_at(struct lane *l, uint64_t at) {
    const struct segment_bytes *const found = (const void *)ac_shm_stream_peek(&pool, &l->s, at);
    MODEL_CHECK(found >= data && found < data + SEGMENTS && memory[found - data]);
    return (uint64_t *)&found->payload;
}
static bool put(uint32_t lane) {
    struct lane *const l = &lanes[lane];
    const uint64_t tail = ac_load_relaxed(&l->tail);
    if (ac_shm_stream_reserve(&pool, &l->s, ac_load_relaxed(&l->head), tail, tail + 32) != AC_STREAM_OK) return false;
    *payload_at(l, tail) = tail * LANES + lane + 1;
    ac_store_release(&l->tail, tail + 32);
    return true;
}
/* The oldest message: what was written there is there yet. */
static void take(uint32_t lane) {
    struct lane *const l = &lanes[lane];
    const uint64_t head = ac_load_relaxed(&l->head);
    MODEL_CHECK(*payload_at(l, head) == head * LANES + lane + 1);
    ac_store_relaxed(&l->head, head + 32);
}
static void tidy(uint32_t lane) {
    (void)ac_shm_stream_tidy(&pool, &lanes[lane].s, ac_load_relaxed(&lanes[lane].head));
}
static void repair(uint32_t lane) { ac_shm_stream_repair(&pool, &lanes[lane].s, ac_load_relaxed(&lanes[lane].tail)); }

/* Each segment is its owner's, and in its table, or free; its memory is there if its word says so; nothing below
 * `low` is free. What was put and not yet taken is whole. Nobody else goes on. */
static void check_pool(void) {
    uint32_t tables_have[SEGMENTS] = {0};
    for (uint32_t lane = 0; lane < LANES; lane++) {
        struct lane *const l = &lanes[lane];
        const uint64_t mapped = ac_load_relaxed(&l->stream.mapped);
        for (uint64_t at = ac_load_relaxed(&l->stream.reclaimed); at < mapped; at++) {
            const uint32_t physical = ac_load_relaxed(&l->table[at & pool.table_mask]);
            MODEL_CHECK(physical < pool.count && tables_have[physical] == 0);
            tables_have[physical] = lane + 1;
        }
        for (uint64_t at = ac_load_relaxed(&l->head); at < ac_load_relaxed(&l->tail); at += 32)
            MODEL_CHECK(*payload_at(l, at) == at * LANES + lane + 1);
    }
    const uint32_t low = (uint32_t)ac_load_relaxed(&shared.low), end = ac_load_relaxed(&shared.high);
    for (uint32_t i = 0; i < pool.count; i++) {
        const uint32_t word = ac_load_relaxed(&words[i]);
        MODEL_CHECK((word & OWNER) == tables_have[i] && !(word & MARK));
        MODEL_CHECK(word & BACKED ? memory[i] : tables_have[i] == 0);
        MODEL_CHECK(i < end ? i >= low || (word & OWNER) != 0 : word == 0);
    }
}
/* None is lost: after all was taken, each lane could have all of them. */
static void check_capacity(void) {
    for (uint32_t lane = 0; lane < LANES; lane++) {
        while (ac_load_relaxed(&lanes[lane].head) < ac_load_relaxed(&lanes[lane].tail)) take(lane);
        tidy(lane);
    }
    for (uint32_t i = 0; i < pool.count; i++) MODEL_CHECK(put(2));
    MODEL_CHECK(!put(2));
    check_pool();
}
static void at_rest(void) {
    check_pool();
    check_capacity();
}
static void mended(void) {
    if (model_is_dead(1)) repair(0);
    at_rest();
}

/* -- who does what */

static void two(void) { begin(2, 2); }
static void three(void) { begin(3, 3); }
static void round_of(uint32_t lane) {
    MODEL_CHECK(put(lane)); /* nobody has more than one */
    take(lane);
    tidy(lane);
}
static void round_0(void) { round_of(0); }
static void round_1(void) { round_of(1); }
static void two_rounds_0(void) {
    round_of(0);
    round_of(0);
}
static void two_rounds_1(void) {
    round_of(1);
    round_of(1);
}
static void put_two_0(void) {
    (void)put(0);
    (void)put(0);
}
static void put_1(void) { (void)put(1); }
static void put_two_1(void) {
    (void)put(1);
    (void)put(1);
}
static void put_two_take_one_0(void) {
    put_two_0();
    if (ac_load_relaxed(&lanes[0].tail) == 0) return;
    take(0);
    tidy(0);
}

/* The first lane has all three, of which it has read two. */
static void drained(void) {
    begin(3, 3);
    for (int i = 0; i < 3; i++) MODEL_CHECK(put(0));
    take(0);
    take(0);
}
static void tidy_0(void) { tidy(0); }
static void give_back_1(void) { /* without dropping memory itself */
    MODEL_CHECK(put(1)); /* what another is about to drop is free: not all at one time */
    take(1);
    reclaim(&pool, &lanes[1].s, ac_load_relaxed(&lanes[1].head));
}

/* Three are free and have memory, two more than are kept. */
static void idle(void) {
    drained();
    take(0);
    tidy(0);
    pool.spares = 1;
    ac_store_relaxed(&shared.keep, 0);
}

static void idle_and_none_kept(void) {
    idle();
    pool.spares = 0;
}

/* Nobody else puts: what a trimmer has is not in use. */
static void put_three_1(void) {
    for (uint64_t at = 0; at < 96; at += 32) {
        const ac_stream_status status = ac_shm_stream_reserve(&pool, &lanes[1].s, 0, at, at + 32);
        MODEL_CHECK(status == AC_STREAM_OK || status == AC_STREAM_LENT);
        if (status != AC_STREAM_OK) return;
        *payload_at(&lanes[1], at) = at * LANES + 2;
        ac_store_release(&lanes[1].tail, at + 32);
    }
}

/* A dead one has a message, a segment that it had reserved, and one that it had taken and that is in no table. Its
 * successor, which puts that right while others go on, may be killed, too. */
static void left_behind(void) {
    begin(3, 3);
    MODEL_CHECK(put(0));
    MODEL_CHECK(ac_shm_stream_reserve(&pool, &lanes[0].s, 0, 32, 96) == AC_STREAM_OK);
    ac_store_relaxed(&lanes[0].stream.mapped, 2);
    MODEL_CHECK(ac_load_relaxed(&words[2]) == (1 | BACKED));
}
static void two_left_behind(void) {
    begin(3, 3);
    MODEL_CHECK(put(0) && put(1));
    MODEL_CHECK(ac_shm_stream_reserve(&pool, &lanes[0].s, 0, 32, 64) == AC_STREAM_OK);
    ac_store_relaxed(&lanes[0].stream.mapped, 1);
}
static void repair_1(void) { repair(1); }
static void repair_0(void) { repair(0); }
static void succeed_0(void) { /* whoever comes by: others may have been before */
    if (!model_is_dead(1)) return;
    repair(0);
    while (ac_load_relaxed(&lanes[0].head) < ac_load_relaxed(&lanes[0].tail)) take(0);
    if (put(0)) take(0);
}

/* One that was killed after it had freed a segment, and before it has said so, hides it from nobody. */
static void all_free_are_found(void) {
    uint32_t unowned = 0;
    for (uint32_t i = 0; i < pool.count; i++) unowned += (ac_load_relaxed(&words[i]) & OWNER) == 0;
    for (uint32_t i = 0; i < unowned; i++) MODEL_CHECK(put(1));
    MODEL_CHECK(!put(1));
    mended();
}

static const model_test tests[] = {
    {.name = "one_each", .setup = two, .thread = {round_0, round_1}, .finish = at_rest, .sc = 3, .weak = 1},
    {.name = "two_each", .setup = two, .thread = {two_rounds_0, two_rounds_1}, .finish = at_rest, .sc = 2},
    {.name = "scarce", .setup = three, .thread = {put_two_take_one_0, put_two_1}, .finish = at_rest, .sc = 2},
    {.name = "freed", .setup = drained, .thread = {tidy_0, put_two_1}, .finish = at_rest, .sc = 3, .weak = 1},
    {.name = "trimmed", .setup = idle, .thread = {tidy_0, put_two_1}, .finish = at_rest, .sc = 3, .weak = 1},
    {.name = "trimmed_of_another", .setup = idle_and_none_kept, .thread = {tidy_0, give_back_1}, .finish = at_rest, .sc = 2,
     .weak = 1},
    {.name = "lent", .setup = idle_and_none_kept, .thread = {tidy_0, put_three_1}, .finish = at_rest, .sc = 2, .weak = 1},
    {.name = "killed", .setup = three, .thread = {put_two_take_one_0, put_1}, .finish = mended, .sc = 1,
     .mortal = 1u << 1},
    {.name = "killed_freeing", .setup = drained, .thread = {tidy_0, put_two_1}, .finish = mended, .sc = 2, .weak = 1,
     .mortal = 1u << 1},
    {.name = "hidden", .setup = drained, .thread = {tidy_0}, .finish = all_free_are_found, .sc = 1, .mortal = 1u << 1},
    {.name = "killed_trimming", .setup = idle, .thread = {tidy_0, put_two_1}, .finish = mended, .sc = 2, .weak = 1,
     .mortal = 1u << 1},
    {.name = "killed_repairing", .setup = left_behind, .thread = {repair_0, put_two_1}, .finish = mended, .sc = 2,
     .weak = 1, .mortal = 1u << 1},
    {.name = "two_repairs", .setup = two_left_behind, .thread = {repair_0, repair_1}, .finish = at_rest, .sc = 2},
    {.name = "successor", .setup = three, .thread = {put_two_take_one_0, put_1, succeed_0}, .finish = mended,
     .sc = 1, .mortal = 1u << 1},
};
MODEL_MAIN(tests)
