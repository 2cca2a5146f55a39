/* Tests of csrc/shm/ac_shm_queue.h: the contract, and states that a kill leaves, placed by hand; real
 * kills are in test_ac_shm_queue_kills.c. */
#include "shm/ac_shm_queue.h"

#include <sys/wait.h>
#include <unistd.h>

#include "shm_queue_check.h"

/* ---- the contract ---- */

static void messages_come_out_in_order(void) {
    ac_shm_queue q = new_queue(0, 1 << 20);
    uint64_t v;
    CHECK(take_u64(&q, &v, AC_SHM_TRY) == AC_SHM_EMPTY);
    CHECK(ac_shm_queue_is_empty(&q));
    for (uint64_t i = 0; i < 1000; i++) CHECK(put_u64(&q, i, AC_SHM_TRY) == AC_SHM_OK);
    CHECK(ac_shm_queue_depth(&q) == 1000);
    for (uint64_t i = 0; i < 1000; i++) CHECK(expect_take(&q) == i);
    CHECK(take_u64(&q, &v, AC_SHM_NOWAIT) == AC_SHM_EMPTY);
    ac_shm_queue_close(&q);
}

static void a_message_may_be_larger_than_a_segment(void) {
    ac_shm_queue q = new_queue(0, 1 << 20);
    const size_t n = 300001;
    uint8_t *const data = malloc(n);
    for (size_t i = 0; i < n; i++) data[i] = (uint8_t)(i * 31);
    CHECK(put(&q, data, n, AC_SHM_TRY) == AC_SHM_BIG);
    CHECK(put(&q, data, n, AC_SHM_NOWAIT) == AC_SHM_OK);
    CHECK(put_u64(&q, 5, AC_SHM_TRY) == AC_SHM_OK);
    uint64_t small[8];
    ac_shm_batch b = {.small = small, .small_bytes = sizeof small};
    CHECK(ac_shm_queue_take(&q, 1, &b, AC_SHM_TRY) == AC_SHM_BIG);
    CHECK(ac_shm_queue_take(&q, 1, &b, AC_SHM_NOWAIT) == AC_SHM_BIG && b.wanted == n);
    b.exact = malloc(n);
    b.exact_bytes = n - 1;
    CHECK(ac_shm_queue_take(&q, 1, &b, AC_FOREVER) == AC_SHM_BIG);
    b.exact_bytes = n;
    CHECK(ac_shm_queue_take(&q, 1, &b, AC_SHM_NOWAIT) == AC_SHM_OK);
    CHECK(b.count == 1 && b.large == NULL && b.untidy);
    CHECK(((const ac_shm_record *)(const void *)b.data)->bytes == n);
    CHECK(memcmp(b.exact, data, n) == 0);
    free(b.exact);
    ac_shm_queue_tidy(&q);
    ac_shm_queue_stats stats;
    ac_shm_queue_stat(&q, &stats);
    CHECK(stats.memory_bytes <= sizeof(ac_shm_queue_shared) + (4 * 2 + 2) * 4096); /* 4 * spares */
    CHECK(expect_take(&q) == 5);
    free(data);
    ac_shm_queue_close(&q);
}

static void a_message_of_parts_is_one_message(void) {
    ac_shm_queue q = new_queue(0, 1 << 20);
    uint8_t parts[3][5000], got[15010];
    for (int i = 0; i < 3; i++) memset(parts[i], i + 1, sizeof parts[i]);
    ac_shm_record r = {.bytes = sizeof got, .kind = KIND + 1, .mark = AC_SHM_MARK};
    const ac_shm_part list[] = {{parts[0], 5000}, {parts[1], 5000}, {NULL, 0}, {parts[2], 5000}};
    ac_shm_image image = {.front = &r, .front_bytes = sizeof r, .body = "0123456789",
                                .body_bytes = 10, .count = 1, .parts = list, .part_count = 4,
                                .parts_bytes = 15000};
    uint64_t count;
    size_t size;
    CHECK(ac_shm_queue_put(&q, &image, AC_SHM_TRY, &count, &size) == AC_SHM_OK && count == 1);
    CHECK(put_u64(&q, 5, AC_SHM_TRY) == AC_SHM_OK);
    uint64_t small[8];
    ac_shm_batch b = {.small = small, .small_bytes = sizeof small};
    CHECK(ac_shm_queue_take(&q, 1, &b, AC_SHM_TRY) == AC_SHM_BIG);
    CHECK(b.wanted == sizeof got && b.wanted_kind == KIND + 1);
    b.exact = got;
    b.exact_bytes = sizeof got;
    CHECK(ac_shm_queue_take(&q, 1, &b, AC_SHM_NOWAIT) == AC_SHM_OK);
    CHECK(memcmp(got, "0123456789", 10) == 0);
    for (int i = 0; i < 3; i++) CHECK(memcmp(got + 10 + 5000 * i, parts[i], 5000) == 0);
    CHECK(expect_take(&q) == 5);
    ac_shm_queue_close(&q);
}

static void a_large_batch_comes_in_memory_of_its_own(void) {
    ac_shm_queue q = new_queue(0, 1 << 20);
    uint8_t data[9000];
    for (size_t i = 0; i < 10; i++) {
        memset(data, (int)i, sizeof data);
        CHECK(put(&q, data, sizeof data, AC_SHM_TRY) == AC_SHM_OK);
    }
    uint64_t small[8];
    ac_shm_batch b = {.small = small, .small_bytes = sizeof small};
    CHECK(ac_shm_queue_take(&q, 5, &b, AC_SHM_TRY) == AC_SHM_BIG);
    CHECK(ac_shm_queue_take(&q, 5, &b, AC_SHM_NOWAIT) == AC_SHM_OK);
    CHECK(b.count == 5 && b.data == b.large);
    for (size_t i = 0; i < 5; i++)
        CHECK(b.data[i * ac_shm_record_size(9000) + sizeof(ac_shm_record) + 8999] == i);
    free(b.large);
    CHECK(ac_shm_queue_depth(&q) == 5);
    ac_shm_queue_close(&q);
}

static void maxsize_is_exact(void) {
    ac_shm_queue q = new_queue(3, 1 << 20);
    for (uint64_t i = 0; i < 3; i++) CHECK(put_u64(&q, i, AC_SHM_TRY) == AC_SHM_OK);
    CHECK(put_u64(&q, 9, AC_SHM_TRY) == AC_SHM_FULL);
    CHECK(put_u64(&q, 9, ac_now_ns() + AC_NS_PER_MS) == AC_SHM_FULL);
    CHECK(expect_take(&q) == 0);
    CHECK(put_u64(&q, 3, AC_SHM_TRY) == AC_SHM_OK);
    CHECK(put_u64(&q, 9, AC_SHM_NOWAIT) == AC_SHM_FULL);
    ac_shm_queue_close(&q);
}

static void a_batch_is_cut_to_the_room_and_to_what_is_there(void) {
    ac_shm_queue q = new_queue(5, 1 << 20);
    struct {
        ac_shm_record r;
        uint64_t v[1];
    } records[8];
    memset(records, 0, sizeof records);
    for (uint64_t i = 0; i < 8; i++) {
        records[i].r = (ac_shm_record){.bytes = 8, .kind = KIND, .mark = AC_SHM_MARK};
        records[i].v[0] = i;
    }
    ac_shm_image image = {.front = records, .front_bytes = sizeof records, .body = NULL,
                                .body_bytes = 0, .count = 8};
    uint64_t count;
    size_t bytes;
    CHECK(ac_shm_queue_put(&q, &image, AC_SHM_TRY, &count, &bytes) == AC_SHM_OK);
    CHECK(count == 5 && bytes == 5 * sizeof records[0]);
    uint64_t small[64];
    ac_shm_batch b = {.small = small, .small_bytes = sizeof small};
    CHECK(ac_shm_queue_take(&q, 2, &b, AC_SHM_TRY) == AC_SHM_OK && b.count == 2);
    CHECK(ac_shm_queue_take(&q, 99, &b, AC_SHM_TRY) == AC_SHM_OK && b.count == 3);
    for (uint64_t i = 0; i < 3; i++) {
        uint64_t v;
        memcpy(&v, b.data + i * sizeof records[0] + sizeof(ac_shm_record), sizeof v);
        CHECK(v == 2 + i);
    }
    CHECK(ac_shm_queue_take(&q, 99, &b, AC_SHM_TRY) == AC_SHM_EMPTY);
    ac_shm_queue_close(&q);
}

static void the_limit_refuses_and_nothing_is_lost(void) {
    ac_shm_queue q = new_queue(0, 16 * 4096);
    uint64_t n = 0;
    while (put_u64(&q, n, AC_SHM_TRY) == AC_SHM_OK) n++;
    CHECK(n >= 16 * 4096 / 32);
    CHECK(put_u64(&q, n, AC_SHM_NOWAIT) == AC_SHM_LIMIT);
    for (uint64_t i = 0; i < n; i++) CHECK(expect_take(&q) == i);
    CHECK(put_u64(&q, 1, AC_SHM_TRY) == AC_SHM_OK);
    ac_shm_queue_close(&q);
}

/* A child fills its lane and ends; what was read there is memory for the parent's lane. */
static void what_was_read_in_one_lane_is_memory_for_another(void) {
    ac_shm_queue q = new_queue(0, 16 * 4096);
    CHECK(put_u64(&q, 1, AC_SHM_TRY) == AC_SHM_OK); /* this process has its lane */
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        while (put_u64(&q, 1, AC_SHM_TRY) == AC_SHM_OK) {
        }
        _exit(0);
    }
    CHECK(waitpid(child, NULL, 0) == child);
    while (!ac_shm_queue_is_empty(&q)) CHECK(expect_take(&q) == 1);
    uint64_t n = 0;
    while (put_u64(&q, n, AC_SHM_TRY) == AC_SHM_OK) n++;
    CHECK(n >= 12 * 4096 / 32);
    ac_shm_queue_close(&q);
}

static void a_shut_down_queue_is_emptied_and_then_closed(void) {
    ac_shm_queue q = new_queue(0, 1 << 20);
    uint64_t v;
    CHECK(put_u64(&q, 1, AC_SHM_TRY) == AC_SHM_OK);
    CHECK(ac_shm_queue_shutdown(&q, false) == AC_SHM_OK);
    CHECK(ac_shm_queue_is_shut_down(&q));
    CHECK(put_u64(&q, 2, AC_SHM_TRY) == AC_SHM_CLOSED);
    CHECK(put_u64(&q, 2, AC_FOREVER) == AC_SHM_CLOSED);
    CHECK(expect_take(&q) == 1);
    CHECK(take_u64(&q, &v, AC_FOREVER) == AC_SHM_CLOSED);
    ac_shm_queue_close(&q);
}

static void a_discarding_shutdown_counts_as_done(void) {
    ac_shm_queue q = new_queue(0, 1 << 20);
    uint64_t v;
    for (uint64_t i = 0; i < 5; i++) CHECK(put_u64(&q, i, AC_SHM_TRY) == AC_SHM_OK);
    CHECK(expect_take(&q) == 0);
    CHECK(ac_shm_queue_join(&q, ac_now_ns()) != AC_SHM_OK);
    CHECK(ac_shm_queue_shutdown(&q, true) == AC_SHM_OK);
    CHECK(ac_shm_queue_depth(&q) == 0);
    CHECK(take_u64(&q, &v, AC_SHM_TRY) == AC_SHM_CLOSED);
    CHECK(ac_shm_queue_join(&q, ac_now_ns()) != AC_SHM_OK); /* the one that was taken */
    CHECK(ac_shm_queue_done(&q));
    CHECK(ac_shm_queue_join(&q, AC_FOREVER) == AC_SHM_OK);
    CHECK(!ac_shm_queue_done(&q));
    ac_shm_queue_close(&q);
}

static void a_scribbled_queue_is_corrupt_and_does_not_crash(void) {
    uint64_t v;
    for (int what = 0; what < 5; what++) {
        ac_shm_queue q = new_queue(0, 1 << 20);
        CHECK(put_u64(&q, 1, AC_SHM_TRY) == AC_SHM_OK);
        ac_shm_record *const r = (ac_shm_record *)(void *)q.pool.data;
        switch (what) {
        case 0: r->bytes = UINT64_MAX - 20; break;
        case 1: r->mark = 0; break;
        case 2: ac_store_relaxed(&q.streams[0].segment_of[0], 12345678); break;
        case 3: ac_store_relaxed(&q.shared->lanes[0].next, 64); break; /* beyond tail */
        case 4: ac_store_relaxed(&q.shared->lanes[0].tail, UINT64_MAX); break;
        }
        CHECK(take_u64(&q, &v, AC_SHM_NOWAIT) == AC_SHM_CORRUPT);
        ac_shm_queue_close(&q);
    }
}

/* ---- waiting ---- */

typedef struct delivery {
    ac_shm_queue *q;
    ac_atomic_u32 put; /* 1: it is in, and whoever slept has been told */
} delivery;

static void *put_after_a_while(void *arg) {
    delivery *const d = *(delivery **)arg;
    usleep(3000); /* so that the taker likely sleeps; right without */
    CHECK(put_u64(d->q, 77, AC_SHM_NOWAIT) == AC_SHM_OK);
    ac_store_release(&d->put, 1u);
    return NULL;
}

/* A wake that does not come is a slice of waiting beside a message. One may end by itself just then, not most. */
static void a_sleeping_taker_is_woken(void) {
    ac_shm_queue q = new_queue(0, 1 << 20);
    int in_vain = 0;
    for (int i = 0; i < 12; i++) {
        delivery d = {.q = &q}, *arg = &d;
        pthread_t thread;
        uint64_t v;
        CHECK(pthread_create(&thread, NULL, put_after_a_while, &arg) == 0);
        ac_shm_status status;
        do {
            status = take_u64(&q, &v, AC_FOREVER);
            in_vain += status == AC_SHM_EMPTY && ac_load_acquire(&d.put) == 1;
        } while (status == AC_SHM_EMPTY || status == AC_SHM_INTERRUPTED);
        CHECK(status == AC_SHM_OK && v == 77);
        CHECK(pthread_join(thread, NULL) == 0);
    }
    CHECK(in_vain <= 6);
    ac_shm_queue_close(&q);
}

typedef struct party {
    ac_shm_queue *q;
    uint64_t id, count, sum;
} party;

static void *produce(void *arg) {
    party *const p = arg;
    for (uint64_t i = 1; i <= p->count; i++) {
        ac_shm_status status;
        do {
            status = put_u64(p->q, i, AC_FOREVER);
        } while (status == AC_SHM_FULL || status == AC_SHM_BUSY);
        CHECK(status == AC_SHM_OK);
    }
    return NULL;
}

static void *consume(void *arg) {
    party *const p = arg;
    for (uint64_t i = 0; i < p->count; i++) {
        uint64_t v = 0;
        ac_shm_status status;
        do {
            status = take_u64(p->q, &v, AC_FOREVER);
        } while (status == AC_SHM_EMPTY || status == AC_SHM_BUSY);
        CHECK(status == AC_SHM_OK);
        p->sum += v;
    }
    return NULL;
}

static void *either(void *arg) {
    party *const p = arg;
    return p->id % 2 == 0 ? produce(p) : consume(p);
}

static void every_message_arrives_once(void) {
    for (uint64_t maxsize = 0; maxsize < 4; maxsize++) {
        ac_shm_queue q = new_queue(maxsize, 1 << 24);
        const uint64_t n = check_scale(maxsize == 0 ? 20000 : 4000);
        party parties[6] = {{0}};
        for (uint64_t i = 0; i < 6; i++) parties[i] = (party){&q, i, n, 0};
        check_threads(6, either, parties, sizeof parties[0]);
        const uint64_t sum = parties[1].sum + parties[3].sum + parties[5].sum;
        CHECK(sum == 3 * (n * (n + 1) / 2));
        CHECK(ac_shm_queue_is_empty(&q) && ac_shm_queue_depth(&q) == 0);
        ac_shm_queue_close(&q);
    }
}

/* ---- states that a kill leaves ---- */

/* Leaves the lock as a holder does that was killed. */
static void die_holding(ac_robust_lock *lock) {
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        (void)ac_robust_lock_until(lock, AC_FOREVER);
        _exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child);
}

static void a_producer_killed_at_any_step_leaves_all_or_nothing(void) {
    for (int step = 0; step < 5; step++) {
        ac_shm_queue q = new_queue(2, 1 << 20);
        ac_shm_lane *const lane = &q.shared->lanes[0];
        CHECK(put_u64(&q, 1, AC_SHM_TRY) == AC_SHM_OK);
        const uint64_t tail = ac_load_relaxed(&lane->tail);
        /* What a put of one more does, up to `step`. */
        CHECK(ac_shm_stream_reserve(&q.pool, &q.streams[0], 0, tail, tail + 9000) == AC_STREAM_OK);
        const ac_shm_record r = {.bytes = 8, .kind = KIND, .mark = AC_SHM_MARK, .number = 1};
        ac_shm_stream_write(&q.pool, &q.streams[0], tail, &r, sizeof r);
        if (step >= 1) lane->log_puts_before = 1;
        if (step >= 2) lane->log_tail = tail + 32;
        if (step >= 3) ac_store_relaxed(&lane->puts, 2);
        if (step >= 4) ac_store_relaxed(&lane->tail, tail + 32);
        die_holding(&lane->lock);

        if (step < 4) CHECK(put_u64(&q, 2, AC_FOREVER) == AC_SHM_OK); /* inherits and repairs */
        CHECK(put_u64(&q, 3, AC_SHM_NOWAIT) == AC_SHM_FULL);
        CHECK(ac_load_relaxed(&q.shared->deaths) == 1);
        CHECK(ac_load_relaxed(&lane->puts) == 2);
        CHECK(ac_load_relaxed(&lane->stream.mapped) == 1); /* what it had reserved is given back */
        CHECK(expect_take(&q) == 1);
        (void)expect_take(&q);
        uint64_t v;
        CHECK(take_u64(&q, &v, AC_SHM_TRY) == AC_SHM_EMPTY);
        CHECK(ac_shm_queue_depth(&q) == 0);
        ac_shm_queue_close(&q);
    }
}

/* Leaves in the table of participants what a taker leaves that was killed. */
static void die_claiming(ac_shm_queue *q, uint64_t position, uint64_t end) {
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        const int entry = ac_shm_claims_enter(&q->claims);
        ac_shm_claim_intend(ac_shm_claims_at(&q->claims, entry), 0, position, 1);
        uint64_t next = position;
        if (end != position) (void)ac_cas_acq_rel(&q->shared->lanes[0].next, &next, end);
        _exit(entry < 0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

static void a_consumer_killed_at_any_step_takes_one_or_none(void) {
    for (int claimed = 0; claimed < 2; claimed++) {
        ac_shm_queue q = new_queue(2, 1 << 20);
        CHECK(put_u64(&q, 1, AC_SHM_TRY) == AC_SHM_OK);
        CHECK(put_u64(&q, 2, AC_SHM_TRY) == AC_SHM_OK);
        die_claiming(&q, 0, claimed ? 32 : 0);
        /* The place of what was taken is free at once. */
        CHECK(put_u64(&q, 3, AC_SHM_TRY) == (claimed ? AC_SHM_OK : AC_SHM_FULL));
        if (!claimed) CHECK(expect_take(&q) == 1);
        CHECK(expect_take(&q) == 2);
        if (claimed) CHECK(expect_take(&q) == 3);
        CHECK(ac_shm_queue_depth(&q) == 0);
        ac_shm_queue_stats s;
        ac_shm_queue_stat(&q, &s);
        CHECK(s.deaths == 1 && s.lost == 1); /* at most this */
        ac_shm_queue_stat(&q, &s);
        CHECK(s.deaths == 1 && s.lost == 1);
        ac_shm_queue_close(&q);
    }
}

static void the_claim_of_a_dead_consumer_does_not_hold_memory(void) {
    ac_shm_queue q = new_queue(0, 8 * 4096);
    uint8_t data[1000] = {0};
    CHECK(put(&q, data, sizeof data, AC_SHM_TRY) == AC_SHM_OK);
    die_claiming(&q, 0, ac_shm_record_size(sizeof data));
    for (int i = 0; i < 100; i++) {
        uint64_t small[200];
        ac_shm_batch b = {.small = small, .small_bytes = sizeof small};
        CHECK(put(&q, data, sizeof data, AC_SHM_TRY) == AC_SHM_OK);
        CHECK(ac_shm_queue_take(&q, 1, &b, AC_SHM_TRY) == AC_SHM_OK);
    }
    CHECK(ac_load_relaxed(&q.shared->claims.lost) == 1);
    ac_shm_queue_close(&q);
}

static void the_claim_of_a_live_consumer_holds_its_memory(void) {
    ac_shm_queue q = new_queue(0, 8 * 4096);
    uint8_t data[1000] = {0};
    CHECK(put(&q, data, sizeof data, AC_SHM_TRY) == AC_SHM_OK);
    const int entry = ac_shm_claims_enter(&q.claims);
    uint64_t next = 0, puts = 0;
    ac_shm_claim_intend(ac_shm_claims_at(&q.claims, entry), 0, 0, 1);
    CHECK(ac_cas_acq_rel(&q.shared->lanes[0].next, &next, ac_shm_record_size(sizeof data)));
    for (;; puts++) {
        uint64_t small[200];
        ac_shm_batch b = {.small = small, .small_bytes = sizeof small};
        if (put(&q, data, sizeof data, AC_SHM_NOWAIT) != AC_SHM_OK) break;
        CHECK(ac_shm_queue_take(&q, 1, &b, AC_SHM_TRY) == AC_SHM_OK);
    }
    CHECK(puts > 20 && puts < 36);
    const ac_shm_record *const r = (const ac_shm_record *)(const void *)q.pool.data;
    CHECK(r->bytes == sizeof data && r->number == 0); /* still there */
    ac_shm_claim_settle(ac_shm_claims_at(&q.claims, entry));
    ac_shm_claims_leave(&q.claims, entry);
    CHECK(put(&q, data, sizeof data, AC_SHM_TRY) == AC_SHM_OK);
    ac_shm_queue_close(&q);
}

/* A putter was killed with segments that are in no table: all of the memory is there for the next. */
static void what_a_dead_putter_had_of_the_pool_is_given_back(void) {
    ac_shm_queue q = new_queue(0, 16 * 4096);
    uint8_t data[3000] = {1};
    CHECK(put(&q, data, sizeof data, AC_SHM_TRY) == AC_SHM_OK);
    ac_store_relaxed(&q.pool.shared->high, 8);
    for (uint32_t i = 4; i < 8; i++)
        ac_store_relaxed(&q.pool.words[i], q.streams[0].who | (i % 2 ? AC_SHM_SEGMENT_MARK : 0));
    ac_store_relaxed(&q.pool.shared->low, 8); /* the dead one's last search went beyond them */
    die_holding(&q.shared->lanes[0].lock);
    uint64_t n = 1;
    while (put(&q, data, sizeof data, AC_SHM_NOWAIT) == AC_SHM_OK) n++;
    CHECK(n >= 20 && ac_load_relaxed(&q.shared->deaths) == 1);
    for (uint64_t i = 0; i < n; i++) {
        uint64_t small[400];
        ac_shm_batch b = {.small = small, .small_bytes = sizeof small};
        CHECK(ac_shm_queue_take(&q, 1, &b, AC_SHM_TRY) == AC_SHM_OK);
        CHECK(b.data[sizeof(ac_shm_record)] == 1);
    }
    ac_shm_queue_close(&q);
}

static void a_joiner_mends_the_count_of_a_dead_producer(void) {
    ac_shm_queue q = new_queue(0, 1 << 20);
    ac_shm_lane *const lane = &q.shared->lanes[0];
    ac_store_relaxed(&q.shared->lanes_used, 1);
    lane->log_puts_before = 0;
    lane->log_tail = 32;
    ac_store_relaxed(&lane->puts, 1); /* killed before tail */
    die_holding(&lane->lock);
    CHECK(ac_shm_queue_join(&q, ac_now_ns()) == AC_SHM_EMPTY);
    CHECK(ac_shm_queue_join(&q, AC_FOREVER) == AC_SHM_OK);
    ac_shm_queue_close(&q);
}

static void who_waits_goes_on_with_a_shutdown_that_was_killed(void) {
    ac_shm_queue q = new_queue(0, 1 << 20);
    uint64_t v;
    ac_store_relaxed(&q.shared->closing, 1);
    ac_store_relaxed(&q.shared->lanes[0].closed, 1);
    ac_shm_status status;
    while ((status = take_u64(&q, &v, AC_FOREVER)) == AC_SHM_EMPTY) continue;
    CHECK(status == AC_SHM_CLOSED && put_u64(&q, 1, AC_FOREVER) == AC_SHM_CLOSED);
    ac_shm_queue_close(&q);
}

/* Children that put one after the other, each in the knowledge of the last. */
static void what_was_put_before_comes_out_before(void) {
    ac_shm_queue q = new_queue(0, 1 << 20);
    for (uint64_t i = 0; i < 40; i++) {
        const pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) _exit(put_u64(&q, 2 * i, AC_FOREVER) != AC_SHM_OK);
        int status;
        CHECK(waitpid(child, &status, 0) == child && status == 0);
        CHECK(put_u64(&q, 2 * i + 1, AC_SHM_TRY) == AC_SHM_OK);
    }
    ac_shm_queue_stats s;
    ac_shm_queue_stat(&q, &s);
    CHECK(s.lanes == 2); /* a child takes over the lane of the dead one before it */
    CHECK(ac_shm_queue_depth(&q) == 80);
    for (uint64_t i = 0; i < 80; i++) CHECK(expect_take(&q) == i);
    CHECK(ac_shm_queue_is_empty(&q));
    ac_shm_queue_close(&q);
}

int main(void) {
    RUN(messages_come_out_in_order);
    RUN(a_message_may_be_larger_than_a_segment);
    RUN(a_message_of_parts_is_one_message);
    RUN(a_large_batch_comes_in_memory_of_its_own);
    RUN(maxsize_is_exact);
    RUN(a_batch_is_cut_to_the_room_and_to_what_is_there);
    RUN(the_limit_refuses_and_nothing_is_lost);
    RUN(what_was_read_in_one_lane_is_memory_for_another);
    RUN(a_shut_down_queue_is_emptied_and_then_closed);
    RUN(a_discarding_shutdown_counts_as_done);
    RUN(a_scribbled_queue_is_corrupt_and_does_not_crash);
    RUN(a_producer_killed_at_any_step_leaves_all_or_nothing);
    RUN(a_consumer_killed_at_any_step_takes_one_or_none);
    RUN(a_joiner_mends_the_count_of_a_dead_producer);
    RUN(the_claim_of_a_dead_consumer_does_not_hold_memory);
    RUN(the_claim_of_a_live_consumer_holds_its_memory);
    RUN(what_a_dead_putter_had_of_the_pool_is_given_back);
    RUN(who_waits_goes_on_with_a_shutdown_that_was_killed);
    RUN(what_was_put_before_comes_out_before);
    RUN(a_sleeping_taker_is_woken);
    RUN(every_message_arrives_once);
    return 0;
}
