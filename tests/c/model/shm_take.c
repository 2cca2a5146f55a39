/* shm_take.c - ac_shm_take.c and ac_shm_claims.c under the checker; threads stand for processes.
 *
 * The putter and the stream of bytes are bodies of this test, as ac_shm_queue.c and ac_shm_stream.c have them
 * (one putter, so no lock): a lane is a ring of two records of 32 bytes, which are used again when nobody
 * reads them: a copy that is overtaken is a race on the payload.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "shm/ac_peer.h"
#include "shm/ac_shm_claims.c"
#include "shm/ac_shm_take.c"

#define RING 2u
#define LONG_DEAD 9u
#define ID(process) ((uint64_t)(process) << 32 | 1)

static struct record {
    ac_atomic_u64 header[3];
    uint64_t payload;
} ring[2][RING];
static ac_shm_queue q[4];
static ac_shm_queue_shared sh;
static ac_shm_claims_local local[4];
static ac_shm_stream_shared stream;
static ac_shm_pool_shared pool;
static uint64_t got[4][4];
static uint32_t got_count[4];
static uint64_t discarded;
static int entered[4];

/* -- the system, and the stream */

uint64_t ac_peer_self(void) { return ID(model_self()); }
bool ac_peer_is_dead(uint64_t peer) {
    return peer >> 32 == LONG_DEAD || (peer >> 32 != 0 && model_is_dead((int)(peer >> 32)));
}
int ac_shm_region_back(const ac_shm_region *r, size_t offset, size_t bytes) {
    (void)r, (void)offset, (void)bytes;
    return 0;
}
static struct record *record_at(const ac_shm_stream *s, uint64_t at) {
    return &ring[s->segment_of - (ac_atomic_u32 *)NULL][at / 32 % RING];
}
const uint8_t *ac_shm_stream_peek(const ac_shm_pool *p, const ac_shm_stream *s, uint64_t at) {
    (void)p;
    return (const uint8_t *)record_at(s, at);
}
bool ac_shm_stream_read(const ac_shm_pool *p, const ac_shm_stream *s, uint64_t at, void *to, size_t bytes) {
    (void)p;
    MODEL_CHECK(bytes == sizeof(struct record));
    memcpy(to, record_at(s, at), bytes);
    return true;
}

/* -- the putter */

static uint64_t advance_head(ac_shm_queue *h, uint32_t at) {
    ac_shm_lane *const lane = &sh.lanes[at];
    const uint64_t next = ac_load_acquire(&lane->next);
    const uint64_t head = ac_load_relaxed(&lane->head);
    uint64_t bound = ac_shm_claims_bound(&h->claims, at, head, next);
    if (bound != next) {
        ac_shm_claims_reap(&h->claims);
        bound = ac_shm_claims_bound(&h->claims, at, head, next);
    }
    ac_store_relaxed(&lane->head, bound);
    return bound;
}
static bool put(uint32_t at, uint64_t value) {
    ac_shm_lane *const lane = &sh.lanes[at];
    const uint64_t tail = ac_load_relaxed(&lane->tail);
    if (tail + 32 - ac_load_relaxed(&lane->head) > RING * 32 &&
        tail + 32 - advance_head(&q[model_self()], at) > RING * 32)
        return false;
    const ac_shm_record r = {.bytes = 8, .kind = 1, .mark = AC_SHM_MARK, .number = (uint32_t)(tail / 32),
                             .stamp = (int64_t)value};
    uint64_t words[3];
    memcpy(words, &r, sizeof r);
    struct record *const to = record_at(&q[0].streams[at], tail);
    for (int i = 0; i < 3; i++) ac_store_relaxed(&to->header[i], words[i]);
    to->payload = value;
    ac_store_release(&lane->puts, tail / 32 + 1);
    ac_store_release(&lane->tail, tail + 32);
    return true;
}

/* -- the parties */

static void begin(uint32_t lanes, uint32_t messages) {
    memset(&sh.lanes, 0, 2 * sizeof sh.lanes[0]);
    memset(&sh.claims, 0, offsetof(ac_shm_claims_shared, slots) + 4 * sizeof(ac_shm_claim));
    memset(local, 0, sizeof local);
    memset(got_count, 0, sizeof got_count);
    discarded = 0;
    ac_store_relaxed(&sh.lanes_used, lanes);
    ac_store_relaxed(&sh.closed, 0);
    ac_store_relaxed(&stream.reclaimed, 0);
    ac_store_relaxed(&sh.claims.high, 3);
    for (uint32_t t = 0; t < 4; t++) {
        q[t] = (ac_shm_queue){.shared = &sh, .lanes = 2};
        q[t].pool = (ac_shm_pool){.shared = &pool, .count = 16, .shift = 6, .spares = 16};
        q[t].claims = (ac_shm_claims){.shared = &sh.claims, .local = &local[t]};
        for (uint32_t i = 0; i < 2; i++)
            q[t].streams[i] = (ac_shm_stream){&stream, (ac_atomic_u32 *)NULL + i, i + 1};
        ac_store_relaxed(&local[t].self, ID(t));
        if (t == 0) continue;
        ac_store_relaxed(&sh.claims.slots[t - 1].owner, ID(t));
        local[t].claims[0].slot = t - 1;
        ac_store_relaxed(&local[t].claims[0].state, IDLE);
    }
    for (uint32_t i = 1; i <= messages; i++) MODEL_CHECK(put(0, i));
}
static void one_inside(void) { begin(1, 1); }
static void two_inside(void) { begin(1, 2); }
static void empty_lanes(void) { begin(2, 0); }
static void empty_lane(void) { begin(1, 0); }

static bool take(void) {
    const int me = model_self();
    uint64_t bytes[8];
    ac_shm_batch b = {.small = bytes, .small_bytes = sizeof bytes};
    const ac_shm_status status = ac_shm_take_once(&q[me], 1, &b, false);
    MODEL_CHECK(status == AC_SHM_OK || status == AC_SHM_EMPTY);
    if (status != AC_SHM_OK) return false;
    MODEL_CHECK(b.count == 1 && b.bytes == 32);
    got[me][got_count[me]++] = ((const uint64_t *)(const void *)b.data)[3];
    return true;
}
static void take_one(void) { (void)take(); }
static void take_two(void) { (void)take(); (void)take(); }
static void put_third(void) { (void)put(0, 3); }
static void put_more(void) { if (put(0, 3)) (void)put(0, 4); }
static void put_first_two(void) { (void)put(0, 1); (void)put(0, 2); }
/* As a shutdown has it: no put can come any more. */
static void discard(void) { discarded = ac_shm_take_discard(&q[model_self()], 0); }

/* Each message that was taken was got by one party, but for what the dead had. */
static void finish(void) {
    const uint64_t next = ac_load_relaxed(&sh.lanes[0].next), tail = ac_load_relaxed(&sh.lanes[0].tail);
    uint64_t found = 0, seen = 0, dead = 0;
    for (int t = 1; t < 4; t++) {
        dead += model_is_dead(t);
        for (uint32_t i = 0; i < got_count[t]; i++) {
            MODEL_CHECK(got[t][i] >= 1 && got[t][i] <= next / 32 && !(seen >> got[t][i] & 1));
            MODEL_CHECK(i == 0 || got[t][i] > got[t][i - 1]);
            seen |= UINT64_C(1) << got[t][i];
            found++;
        }
    }
    MODEL_CHECK(next <= tail && found + discarded <= next / 32 && next / 32 <= found + discarded + dead);
    /* The dead hold nothing for ever, and each of their claims is counted once, with what it was about. */
    ac_shm_claims_reap(&q[0].claims);
    MODEL_CHECK(ac_shm_claims_bound(&q[0].claims, 0, 0, next) == next);
    const uint64_t deaths = ac_load_relaxed(&sh.claims.deaths);
    MODEL_CHECK(deaths == ac_load_relaxed(&sh.claims.lost) && deaths <= dead);
    ac_shm_claims_reap(&q[0].claims);
    MODEL_CHECK(deaths == ac_load_relaxed(&sh.claims.deaths));
}

/* -- order: what was put before another put began comes out before it */
static void put_1_then_0(void) {
    ac_store_release(&sh.lanes_used, 2);
    MODEL_CHECK(put(1, 1) && put(0, 2));
}
static void first_is_first(void) { MODEL_CHECK(got_count[1] == 0 || got[1][0] == 1); }
static void put_0_then_1(void) { MODEL_CHECK(put(0, 1) && put(1, 2)); }

/* -- entering: slots, one of which a dead one has; a dead one's intent is buried once */
static void dead_slot(void) {
    begin(1, 0);
    ac_store_relaxed(&sh.claims.high, 1);
    memset(local, 0, sizeof local);
    for (int i = 0; i < 3; i++) ac_store_relaxed(&sh.claims.slots[i].owner, 0);
    ac_store_relaxed(&sh.claims.slots[0].owner, ID(LONG_DEAD));
    ac_store_relaxed(&sh.claims.slots[0].count, 3);
    ac_store_relaxed(&sh.claims.slots[0].intent, 1);
    memset(entered, -1, sizeof entered);
}
static void enter(void) {
    const ac_shm_claims *const c = &q[model_self()].claims;
    entered[model_self()] = ac_shm_claims_enter(c);
    MODEL_CHECK(entered[model_self()] >= 0);
    MODEL_CHECK(ac_load_relaxed(&ac_shm_claims_at(c, entered[model_self()])->owner) == ID(model_self()));
    ac_shm_claim_intend(ac_shm_claims_at(c, entered[model_self()]), 0, 32, 1);
}
static void reap(void) { ac_shm_claims_reap(&q[model_self()].claims); }
static void buried_once(void) {
    MODEL_CHECK(ac_load_relaxed(&sh.claims.deaths) == 1 && ac_load_relaxed(&sh.claims.lost) == 3);
    for (int t = 1; t < 4; t++) {
        if (entered[t] < 0) continue;
        const ac_shm_claim *const slot = ac_shm_claims_at(&q[t].claims, entered[t]);
        MODEL_CHECK(ac_load_relaxed(&slot->owner) == ID(t) && ac_load_relaxed(&slot->intent) != 0);
        MODEL_CHECK(slot < &sh.claims.slots[ac_load_relaxed(&sh.claims.high)]);
    }
}
static void nothing_is_stuck(void) {
    ac_shm_claims_reap(&q[0].claims);
    ac_shm_claims_reap(&q[0].claims);
    MODEL_CHECK(ac_load_relaxed(&sh.claims.lost) >= 3);
    for (int i = 0; i < 3; i++) {
        const uint64_t owner = ac_load_relaxed(&sh.claims.slots[i].owner);
        const uint64_t intent = ac_load_relaxed(&sh.claims.slots[i].intent);
        MODEL_CHECK(intent == 0 || (owner != 0 && !model_is_dead((int)(owner >> 32))));
    }
}

/* -- one process, two threads: an entry is one thread's */
static uint32_t inside;
static void share(void) {
    begin(1, 0);
    inside = 0;
    local[1].claims[1].slot = 2;
    ac_store_relaxed(&local[1].claims[1].state, IDLE);
}
static void use_entry(void) {
    const int entry = ac_shm_claims_enter(&q[1].claims);
    MODEL_CHECK(entry >= 0);
    if (entry == 0) inside++;
    ac_shm_claims_leave(&q[1].claims, entry);
}

static const model_test tests[] = {
    {.name = "two_takers", .setup = two_inside, .thread = {take_one, take_one}, .finish = finish,
     .sc = 3, .weak = 2},
    {.name = "last_one", .setup = one_inside, .thread = {take_one, take_one}, .finish = finish, .sc = 3, .weak = 2},
    {.name = "recycle", .setup = two_inside, .thread = {take_two, put_more}, .finish = finish, .sc = 2, .weak = 2},
    {.name = "recycle_two", .setup = two_inside, .thread = {take_one, take_one, put_third}, .finish = finish,
     .sc = 2},
    {.name = "publish", .setup = empty_lane, .thread = {take_two, put_first_two}, .finish = finish, .sc = 3,
     .weak = 2},
    {.name = "discard", .setup = two_inside, .thread = {take_one, take_one, discard}, .finish = finish, .sc = 1,
     .weak = 1},
    {.name = "killed", .setup = two_inside, .thread = {take_two, put_more}, .finish = finish, .sc = 2, .weak = 1,
     .mortal = 1u << 1},
    {.name = "killed_of_two", .setup = two_inside, .thread = {take_one, take_one, put_third}, .finish = finish,
     .sc = 1, .mortal = 1u << 1},
    {.name = "lanes", .setup = empty_lanes, .thread = {take_one, put_1_then_0}, .finish = first_is_first,
     .sc = 3, .weak = 2},
    {.name = "lanes_other", .setup = empty_lanes, .thread = {take_one, put_0_then_1}, .finish = first_is_first,
     .sc = 3, .weak = 2},
    {.name = "new_lane", .setup = empty_lane, .thread = {take_one, put_1_then_0}, .finish = first_is_first,
     .sc = 3, .weak = 2},
    {.name = "enter", .setup = dead_slot, .thread = {enter, enter, reap}, .finish = buried_once, .sc = 1,
     .weak = 1},
    {.name = "killed_reaper", .setup = dead_slot, .thread = {reap, enter, reap}, .finish = nothing_is_stuck,
     .sc = 1, .weak = 1, .mortal = 1u << 1},
    {.name = "threads", .setup = share, .thread = {use_entry, use_entry}, .sc = 3, .weak = 2},
};
MODEL_MAIN(tests)
