/* shared_permits.c - ac_shared_permits.h under the checker; threads stand for processes, some are killed. */
#include "shm/ac_shared_permits.h"

#define ME ac_shared_id_make((uint64_t)model_self(), 7)
#define SLICE 5 /* a deadline that comes when nothing else can */
#define LONG_DEAD 9u

static _Alignas(8) unsigned char room[sizeof(ac_shared_permits) + 2 * sizeof(ac_atomic_u64)];
static ac_shared_permits *const p = (ac_shared_permits *)(void *)room;
static uint32_t data, taken[4], reaped[4];
static ac_atomic_u32 inside;

/* What the kernel says. */
bool ac_shared_id_dead(uint64_t id, bool thorough) {
    (void)thorough;
    const uint32_t pid = ac_shared_id_pid(id);
    return pid == LONG_DEAD || model_is_dead((int)pid);
}

static void begin(uint32_t count) {
    memset(room, 0, sizeof room);
    p->count = count;
    ac_store_relaxed(&inside, 0);
    data = 0;
    memset(taken, 0, sizeof taken);
    memset(reaped, 0, sizeof reaped);
}
static void one(void) { begin(1); }
static void two(void) { begin(2); }
static void with_dead(void) { begin(2); ac_store_relaxed(&p->owner[0], ac_shared_id_make(LONG_DEAD, 7)); }

/* The callers' loop, with its baton. */
static void acquire(int64_t deadline) {
    bool slept = false, got = ac_shared_permits_take(p, ME);
    while (!got) {
        const uint32_t key = ac_ec_prepare(&p->freed);
        got = ac_shared_permits_take(p, ME);
        if (got) break;
        if (deadline == SLICE && ac_shared_permits_reap(p, ME, true) > 0) continue;
        (void)ac_ec_wait(&p->freed, key, deadline, AC_WAIT_SHARED);
        slept = true;
    }
    taken[model_self()]++;
    if (slept && ac_shared_permits_free(p) > 0) ac_ec_notify_one(&p->freed, AC_WAIT_SHARED);
}
static void give(void) { MODEL_CHECK(ac_shared_permits_give(p, ME)); }
static void section(void) {
    acquire(AC_FOREVER);
    MODEL_CHECK(ac_fetch_add_relaxed(&inside, 1) == 0);
    data++;
    ac_fetch_sub_relaxed(&inside, 1);
    give();
}
static void hold(void) { acquire(AC_FOREVER); give(); MODEL_CHECK(!ac_shared_permits_give(p, ME)); }
static void try_two(void) {
    while (taken[model_self()] < 2 && ac_shared_permits_take(p, ME)) taken[model_self()]++;
}
static void all_back(void) { MODEL_CHECK(ac_shared_permits_free(p) == p->count); }
static void sections(void) { all_back(); MODEL_CHECK(data == 2); }
static void shared_out(void) { MODEL_CHECK(taken[1] + taken[2] == 2 && ac_shared_permits_free(p) == 0); }

/* What the dead have comes back once, also where two find it. */
static void reap(void) { reaped[model_self()] = ac_shared_permits_reap(p, ME, true); }
static void wait_for_it(void) { acquire(AC_FOREVER); acquire(AC_FOREVER); }
static void reaped_once(void) {
    MODEL_CHECK(reaped[1] + reaped[2] == 1 && taken[3] == 2 && ac_shared_permits_free(p) == 0);
}
static void mortal(void) { acquire(SLICE); give(); }
static void survivor(void) { acquire(SLICE); data++; give(); }
static void none_lost(void) {
    ac_shared_permits_reap(p, ME, true);
    all_back();
    MODEL_CHECK(data == 1);
}

static const model_test tests[] = {
    {.name = "lock", .setup = one, .thread = {section, section}, .finish = sections, .sc = MODEL_ALL, .weak = 2},
    {.name = "hold", .setup = one, .thread = {hold, hold, hold}, .finish = all_back, .sc = 2, .weak = 1},
    {.name = "both", .setup = two, .thread = {hold, hold, hold}, .finish = all_back, .sc = 2},
    {.name = "share_out", .setup = two, .thread = {try_two, try_two}, .finish = shared_out, .sc = MODEL_ALL},
    {.name = "reap", .setup = with_dead, .thread = {reap, reap, wait_for_it}, .finish = reaped_once, .sc = 2,
     .weak = 1},
    {.name = "killed", .setup = one, .thread = {mortal, survivor}, .finish = none_lost, .sc = 3, .weak = 2,
     .mortal = 1u << 1},
};
MODEL_MAIN(tests)
