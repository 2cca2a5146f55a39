/* lease.c - ac_shm_lease.c under the checker: messages that are read where they lie, beside putters that add
 * segments and use them again; see shm_whole.h. */
#include "shm_whole.h"

static ac_shm_lease held[PARTIES];
static ac_atomic_u32 holders;

static void one_inside(void) {
    begin(1, 0, 2);
    memset(held, 0, sizeof held);
    MODEL_CHECK(put_by(1, AC_SHM_NOWAIT) == AC_SHM_OK);
}

/* A header fits in `small`, a message does not: it is leased. */
static ac_shm_status lease_one(ac_shm_lease *lease, bool *leased) {
    uint64_t header[3];
    ac_shm_batch b = {.small = header, .small_bytes = sizeof header, .lease = lease};
    const ac_shm_status status = ac_shm_queue_take(mine(), 1, &b, AC_SHM_TRY);
    *leased = status == AC_SHM_OK && lease->bytes != 0;
    MODEL_CHECK(!*leased || (b.lease == lease && lease->bytes == 8));
    return status;
}
static uint64_t look(ac_shm_lease *lease) {
    const uint8_t *at = NULL;
    MODEL_CHECK(ac_shm_lease_map(mine(), lease, &at) == 0 && in_data(at));
    return *(const uint64_t *)(const void *)at;
}

/* The view shows the same as long as it is held, and the copy of it too. */
static void read_in_place(void) {
    ac_shm_lease *const lease = &held[model_self()];
    bool leased;
    uint64_t copied = 0;
    MODEL_CHECK(lease_one(lease, &leased) == AC_SHM_OK && leased);
    const uint64_t first = look(lease);
    MODEL_CHECK(ac_shm_lease_copy(mine(), lease, &copied) && copied == first);
    got[model_self()][got_count[model_self()]++] = first;
    model_yield();
    MODEL_CHECK(look(lease) == first);
    (void)ac_shm_lease_release(mine(), lease);
    MODEL_CHECK(lease->bytes == 0 && !ac_shm_lease_release(mine(), lease)); /* twice: nothing */
    MODEL_CHECK(ac_load_relaxed(&mine()->claims.local->leases) == 0);
    MODEL_CHECK(ac_load_relaxed(&mine()->claims.local->claims[0].state) == IDLE);
}
static void put_2_3_4(void) {
    for (uint64_t i = 2; i <= 4; i++) (void)put_by(i, AC_SHM_NOWAIT);
}
static void in_order(void) {
    drain();
    check_delivery(4, 0);
    check_capacity(2);
}

/* A killed holder's lease is taken back, and counted as one message at the most. */
static void hold(void) {
    bool leased;
    MODEL_CHECK(lease_one(&held[model_self()], &leased) == AC_SHM_OK && leased);
    got[model_self()][got_count[model_self()]++] = look(&held[model_self()]);
}
static void taken_back(void) {
    const bool died = model_is_dead(1);
    ac_shm_claims_reap(&q[0].claims);
    const uint64_t deaths = ac_load_relaxed(&sh.claims.deaths);
    MODEL_CHECK(deaths == ac_load_relaxed(&sh.claims.lost) && deaths <= (died ? 1 : 0));
    if (!died) (void)ac_shm_lease_release(&q[1], &held[1]); /* any thread may */
    drain();
    check_delivery(4, died);
    check_capacity(2);
}

/* Two threads of one process and one lease: the other is told to copy. */
static void one_process(void) {
    one_inside();
    MODEL_CHECK(put_by(2, AC_SHM_NOWAIT) == AC_SHM_OK);
    process_of[2] = 1;
    ac_store_relaxed(&holders, 0);
    local[1].claims[1].slot = 2;
    ac_store_relaxed(&sh.claims.slots[2].owner, ID(1));
    ac_store_relaxed(&local[1].claims[1].state, IDLE);
}
static void lease_or_copy(void) {
    ac_shm_lease *const lease = &held[model_self()];
    bool leased;
    const ac_shm_status status = lease_one(lease, &leased);
    MODEL_CHECK(status == AC_SHM_OK ? leased : status == AC_SHM_BIG && !leased);
    if (!leased) {
        MODEL_CHECK(!ac_shm_lease_release(mine(), lease));
        MODEL_CHECK(take_by(AC_SHM_NOWAIT) == AC_SHM_OK);
        return;
    }
    MODEL_CHECK(ac_fetch_add_relaxed(&holders, 1) == 0);
    got[model_self()][got_count[model_self()]++] = look(lease);
    ac_fetch_add_relaxed(&holders, UINT32_MAX);
    (void)ac_shm_lease_release(mine(), lease);
}
static void put_3(void) { (void)put_by(3, AC_SHM_NOWAIT); }
static void nothing_is_held(void) {
    MODEL_CHECK(ac_load_relaxed(&local[1].leases) == 0 && got_count[1] == 1 && got_count[2] == 1);
    drain();
    check_delivery(4, 0);
    check_capacity(2);
}

/* The copy of a lease that a forked child has holds nothing. */
static void forked(void) {
    one_inside();
    bool leased;
    process_of[0] = 1;
    MODEL_CHECK(lease_one(&held[1], &leased) == AC_SHM_OK && leased);
    process_of[0] = 0;
    held[2] = held[1];
}
static void release_in_the_child(void) { MODEL_CHECK(!ac_shm_lease_release(mine(), &held[2]) && held[2].bytes == 0); }
static void look_and_release(void) {
    MODEL_CHECK(look(&held[1]) == 1);
    model_yield();
    MODEL_CHECK(look(&held[1]) == 1);
    (void)ac_shm_lease_release(mine(), &held[1]);
}
static void put_2_3(void) {
    (void)put_by(2, AC_SHM_NOWAIT);
    (void)put_by(3, AC_SHM_NOWAIT);
}

static const model_test tests[] = {
    {.name = "recycle", .setup = one_inside, .thread = {read_in_place, put_2_3_4}, .finish = in_order, .sc = 2},
    {.name = "recycle_weak", .setup = one_inside, .thread = {read_in_place, put_2_3}, .finish = in_order, .weak = 1},
    {.name = "killed", .setup = one_inside, .thread = {hold, put_2_3_4}, .finish = taken_back, .sc = 1,
     .mortal = 1u << 1},
    {.name = "cap", .setup = one_process, .thread = {lease_or_copy, lease_or_copy}, .finish = nothing_is_held, .sc = 3,
     .weak = 2},
    {.name = "entry", .setup = one_process, .thread = {lease_or_copy, lease_or_copy, put_3}, .finish = nothing_is_held,
     .sc = 2},
    {.name = "child", .setup = forked, .thread = {look_and_release, release_in_the_child, put_2_3}, .sc = 1},
};
MODEL_MAIN(tests)
