/* Tests of csrc/shm/ac_shm_take.c: what a taker sees of lanes; no locks in its way. */
#include "shm/ac_shm_queue_shared.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static ac_shm_queue new_queue(uint32_t lanes) {
    ac_shm_queue q;
    const ac_shm_queue_options options = {
        .limit_bytes = 1 << 20, .shift = 12, .spares = 2, .lanes = lanes};
    CHECK(ac_shm_queue_create(&q, &options) == 0);
    return q;
}

/* Puts into a lane of choice. */
static void put(ac_shm_queue *q, uint32_t lane, uint64_t value) {
    ac_shm_record r = {.bytes = 8, .kind = 1, .mark = AC_SHM_MARK};
    ac_shm_image image = {.front = &r, .front_bytes = sizeof r, .body = &value,
                                .body_bytes = 8, .count = 1};
    uint64_t count;
    size_t size;
    if (ac_load_relaxed(&q->shared->lanes_used) <= lane)
        ac_store_relaxed(&q->shared->lanes_used, lane + 1);
    ac_store_relaxed(&q->claims.local->lane, lane + 1);
    CHECK(ac_shm_queue_put(q, &image, AC_SHM_TRY, &count, &size) == AC_SHM_OK);
}

static uint64_t take_some(ac_shm_queue *q, uint64_t most, uint64_t *values) {
    uint64_t small[256];
    ac_shm_batch b = {.small = small, .small_bytes = sizeof small};
    if (ac_shm_take_once(q, most, &b, true) != AC_SHM_OK) return 0;
    for (uint64_t i = 0; i < b.count; i++) values[i] = small[4 * i + 3];
    return b.count;
}

static void lanes_are_merged_by_time(void) {
    ac_shm_queue q = new_queue(4);
    static const uint32_t order[] = {2, 2, 0, 3, 3, 3, 1, 0, 2};
    uint64_t v[16];
    for (uint64_t i = 0; i < 9; i++) put(&q, order[i], i);
    CHECK(ac_shm_queue_depth(&q) == 9);
    for (uint64_t i = 0; i < 9; i++) CHECK(take_some(&q, 1, v) == 1 && v[0] == i);
    CHECK(take_some(&q, 1, v) == 0 && ac_shm_queue_is_empty(&q));
    ac_shm_queue_close(&q);
}

static void a_batch_ends_where_another_lane_is_earlier(void) {
    ac_shm_queue q = new_queue(4);
    uint64_t v[16];
    for (uint64_t i = 0; i < 3; i++) put(&q, 1, i);
    put(&q, 0, 3);
    for (uint64_t i = 4; i < 7; i++) put(&q, 1, i);
    CHECK(take_some(&q, 9, v) == 3 && v[0] == 0 && v[2] == 2);
    CHECK(ac_shm_lane_depth(&q, 0) == 1 && ac_shm_lane_depth(&q, 1) == 3);
    CHECK(take_some(&q, 9, v) == 1 && v[0] == 3);
    CHECK(take_some(&q, 9, v) == 3 && v[0] == 4 && v[2] == 6);
    ac_shm_queue_close(&q);
}

static void a_stale_header_is_read_and_not_believed(void) {
    ac_shm_queue q = new_queue(1);
    ac_shm_record r;
    put(&q, 0, 1);
    CHECK(ac_shm_header_at(&q, 0, 0, &r) && r.bytes == 8 && r.number == 0);
    CHECK(ac_shm_header_at(&q, 0, UINT64_C(1) << 40, &r)); /* some segment of the pool */
    ac_store_relaxed(&q.streams[0].segment_of[0], UINT32_MAX);
    CHECK(!ac_shm_header_at(&q, 0, 0, &r));
    ac_shm_queue_close(&q);
}

static void what_is_discarded_is_counted(void) {
    ac_shm_queue q = new_queue(2);
    uint64_t v[4];
    for (uint64_t i = 0; i < 5; i++) put(&q, 1, i);
    CHECK(take_some(&q, 2, v) == 2);
    CHECK(ac_shm_take_discard(&q, 0) == 0);
    CHECK(ac_shm_take_discard(&q, 1) == 3);
    CHECK(ac_shm_take_discard(&q, 1) == 0 && ac_shm_queue_is_empty(&q));
    ac_shm_queue_close(&q);
}

/* A producer that is stopped in its lane, and a consumer that is stopped with a claim, are in nobody's
 * way: neither of those who put into other lanes nor of those who take. */
static void the_stopped_stand_in_nobodys_way(void) {
    ac_shm_queue q = new_queue(4);
    uint64_t v[4];
    put(&q, 0, 7);
    put(&q, 0, 8);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        (void)ac_robust_lock_until(&q.shared->lanes[1].lock, AC_FOREVER);
        const int entry = ac_shm_claims_enter(&q.claims);
        uint64_t next = 0;
        ac_shm_claim_intend(ac_shm_claims_at(&q.claims, entry), 0, 0, 1);
        (void)ac_cas_acq_rel(&q.shared->lanes[0].next, &next, 32);
        (void)kill(getpid(), SIGSTOP);
        _exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status));
    CHECK(take_some(&q, 1, v) == 1 && v[0] == 8);
    for (uint64_t i = 0; i < 1000; i++) {
        put(&q, 0, i);
        CHECK(take_some(&q, 1, v) == 1 && v[0] == i);
    }
    ac_shm_queue_stats s;
    ac_shm_queue_stat(&q, &s);
    CHECK(s.deaths == 0 && s.lost == 0); /* stopped is not dead */
    CHECK(kill(child, SIGKILL) == 0 && waitpid(child, &status, 0) == child);
    ac_shm_queue_stat(&q, &s);
    CHECK(s.deaths == 1 && s.lost == 1);
    ac_shm_queue_close(&q);
}

int main(void) {
    RUN(lanes_are_merged_by_time);
    RUN(a_batch_ends_where_another_lane_is_earlier);
    RUN(a_stale_header_is_read_and_not_believed);
    RUN(what_is_discarded_is_counted);
    RUN(the_stopped_stand_in_nobodys_way);
    return 0;
}
