/* shm_whole.h - the queue between processes as it is, under the checker: ac_shm_queue.c, ac_shm_stream.c,
 * ac_shm_take.c, ac_shm_claims.c and ac_shm_lease.c; threads stand for processes, and some are killed.
 *
 * Bodies of this file are what the kernel does: the robust lock (a word with its holder; a dead one's is
 * inherited), memory under a segment, the bell. A message is one segment of 32 bytes, so that each put adds a
 * segment and each take drains one. Headers are read where they may be stale, and are copied word by word here;
 * the eight bytes of payload are plain data: an overtaken copy is a race.
 */
#ifndef SHM_WHOLE_H
#define SHM_WHOLE_H

#include <sys/mman.h>
#include <unistd.h>

#include "shm/ac_peer.h"
#include "shm/ac_shm_lease.h"
#include "shm/ac_shm_queue_shared.h"

#define SEGMENTS 3u
#define PARTIES 4 /* handles: of setup and finish, and of three processes */
#define ID(process) ((uint64_t)((process) + 1) << 32 | 1)

static struct segment_bytes {
    ac_atomic_u64 header[3];
    uint64_t payload;
} data[SEGMENTS];
static uint64_t memory[SEGMENTS]; /* there is some under the segment; a word each, which the checker tells apart */
static ac_shm_queue q[PARTIES];
static ac_shm_queue_shared sh;
static ac_shm_claims_local local[PARTIES];
static ac_atomic_u32 words[SEGMENTS];
static ac_atomic_u32 tables[2][4];
static int process_of[PARTIES]; /* whose handle a thread uses */

static ac_shm_queue *mine(void) { return &q[process_of[model_self()]]; }

/* -- the system */

uint64_t ac_peer_self(void) { return ID(process_of[model_self()]); }
bool ac_peer_is_dead(uint64_t peer) { return model_is_dead((int)(peer >> 32) - 1); }
void ac_shm_bell_ring(ac_event_count *ec, int bell) { (void)ec, (void)bell; }
void ac_shm_ear_clear(ac_shm_ear *ear) { (void)ear; }
void ac_shm_ear_set(ac_shm_ear *ear, int bell) { (void)ear, (void)bell; }
int ac_shm_region_back(const ac_shm_region *r, size_t offset, size_t bytes) {
    (void)r;
    if (bytes == sizeof data[0]) memory[offset / sizeof data[0]] = 1;
    return 0;
}
int ac_shm_region_drop(const ac_shm_region *r, size_t offset, size_t bytes) {
    struct segment_bytes *const at = &data[offset / sizeof *at];
    (void)r, (void)bytes;
    memory[at - data] = 0;
    at->payload = 0;
    for (int i = 0; i < 3; i++) ac_store_relaxed(&at->header[i], 0);
    return 0;
}

/* A robust lock: free, or its holder; the lowest bit: what a dead holder left is not mended yet. */
static ac_atomic_u32 *word_of(ac_robust_lock *lock) { return (ac_atomic_u32 *)(void *)&lock->mutex; }
ac_lock_status ac_robust_lock_try(ac_robust_lock *lock) {
    const uint32_t me = ((uint32_t)model_self() + 1) << 1;
    uint32_t seen = ac_load_relaxed(word_of(lock));
    if (seen == 0) return ac_cas_acquire(word_of(lock), &seen, me) ? AC_LOCK_HELD : AC_LOCK_BUSY;
    if (!model_is_dead((int)(seen >> 1) - 1)) return AC_LOCK_BUSY;
    return ac_cas_acquire(word_of(lock), &seen, me | 1) ? AC_LOCK_INHERITED : AC_LOCK_BUSY;
}
ac_lock_status ac_robust_lock_until(ac_robust_lock *lock, int64_t deadline_ns) {
    ac_lock_status status;
    (void)deadline_ns; /* holders are alive, and get on, or they are dead */
    while ((status = ac_robust_lock_try(lock)) == AC_LOCK_BUSY) model_yield();
    return status;
}
void ac_robust_lock_mended(ac_robust_lock *lock) {
    ac_store_relaxed(word_of(lock), ((uint32_t)model_self() + 1) << 1);
}
/* Released in need of repair it would be locked for good; the queue mends whatever it inherits. */
void ac_robust_lock_release(ac_robust_lock *lock) {
    MODEL_CHECK(ac_load_relaxed(word_of(lock)) == ((uint32_t)model_self() + 1) << 1);
    ac_store_release(word_of(lock), 0);
}

/* What stands between two plain stores is a place to die at. */
static ac_atomic_u32 edges[PARTIES];
#undef ac_fence_compiler
#define ac_fence_compiler() ac_store_relaxed(&edges[model_self()], 0)

static bool in_data(const void *at) {
    return (uintptr_t)at >= (uintptr_t)data && (uintptr_t)at < (uintptr_t)(data + SEGMENTS);
}
static void copy(void *to, const void *from, size_t bytes) {
    MODEL_CHECK(bytes % 8 == 0);
    for (size_t i = 0; i < bytes / 8; i++) {
        uint64_t *const target = (uint64_t *)to + i;
        uint64_t *const source = (uint64_t *)(uintptr_t)from + i;
        const bool into = in_data(target);
        const size_t word = ((uintptr_t)(into ? target : source) - (uintptr_t)data) / 8;
        MODEL_CHECK(!into || memory[word / 4]);
        if (word % 4 == 3) *target = *source;
        else if (into) ac_store_relaxed((ac_atomic_u64 *)target, *source);
        else *target = ac_load_relaxed((ac_atomic_u64 *)source);
    }
}

/* One lease of a process at a time. */
#undef AC_SHM_LEASES
#define AC_SHM_LEASES 1u
#define mmap(at, bytes, access, flags, fd, offset) (MODEL_CHECK(false), (void)(fd), (void)(offset), (void *)NULL)
#define munmap(at, bytes) (MODEL_CHECK(false))

#undef memcpy
#define memcpy copy
#include "shm/ac_shm_stream.c"
#undef memcpy
#define memcpy model_memcpy
#include "shm/ac_shm_claims.c"
#include "shm/ac_shm_take.c"
#include "shm/ac_shm_queue.c"
#include "shm/ac_shm_lease.c"

/* As in ac_shm_queue_open.c, for lanes of which none is added meanwhile. */
bool ac_shm_queue_is_empty(const ac_shm_queue *h) {
    for (uint32_t at = 0; at < ac_shm_lanes_used(h); at++)
        if (ac_load_acquire(&h->shared->lanes[at].next) != ac_load_acquire(&h->shared->lanes[at].tail)) return false;
    return true;
}

/* -- the parties */

static uint64_t got[PARTIES][8], accepted[PARTIES][8];
static uint32_t got_count[PARTIES], accepted_count[PARTIES];

static void begin(uint32_t lanes, uint64_t maxsize, uint32_t segments) {
    memset(&sh, 0, offsetof(ac_shm_queue_shared, openers));
    memset(&sh.lanes, 0, 2 * sizeof sh.lanes[0]);
    memset(&sh.claims, 0, offsetof(ac_shm_claims_shared, slots) + PARTIES * sizeof(ac_shm_claim));
    memset(local, 0, sizeof local);
    memset(words, 0, sizeof words);
    memset(memory, 0, sizeof memory);
    memset(tables, 0, sizeof tables);
    memset(got_count, 0, sizeof got_count);
    memset(accepted_count, 0, sizeof accepted_count);
    ac_store_relaxed(&sh.lanes_used, lanes);
    ac_store_relaxed(&sh.claims.high, PARTIES);
    for (int t = 0; t < PARTIES; t++) {
        process_of[t] = t;
        q[t] = (ac_shm_queue){.shared = &sh, .lanes = lanes, .maxsize = maxsize, .bell = -1};
        q[t].region.base = (uint8_t *)data;
        ac_shm_pool_open(&q[t].pool, &q[t].region, &sh.pool, words, (uint8_t *)data, 5, segments, 1);
        q[t].claims = (ac_shm_claims){.region = q[t].region, .shared = &sh.claims, .local = &local[t]};
        for (uint32_t i = 0; i < lanes; i++) q[t].streams[i] = (ac_shm_stream){&sh.lanes[i].stream, tables[i], i + 1};
        ac_store_relaxed(&local[t].self, ID(t));
        ac_store_relaxed(&local[t].lane, 1);
        ac_store_relaxed(&sh.claims.slots[t].owner, ID(t));
        local[t].claims[0].slot = (uint32_t)t;
        ac_store_relaxed(&local[t].claims[0].state, IDLE);
    }
}

static ac_shm_status put_by(uint64_t value, int64_t deadline) {
    struct {
        ac_shm_record r;
        uint64_t payload;
    } front = {.r = {.bytes = 8, .kind = 1, .mark = AC_SHM_MARK}, .payload = value};
    ac_shm_image image = {.front = &front, .front_bytes = sizeof front, .count = 1};
    uint64_t count = 0;
    size_t bytes = 0;
    const int me = model_self();
    const ac_shm_status status = ac_shm_queue_put(mine(), &image, deadline, &count, &bytes);
    if (status != AC_SHM_OK) return status;
    MODEL_CHECK(count == 1 && bytes == 32);
    accepted[me][accepted_count[me]++] = value;
    return status;
}
static ac_shm_status take_by(int64_t deadline) {
    uint64_t bytes[4];
    const int me = model_self();
    ac_shm_batch b = {.small = bytes, .small_bytes = sizeof bytes};
    const ac_shm_status status = ac_shm_queue_take(mine(), 1, &b, deadline);
    if (status != AC_SHM_OK) return status;
    MODEL_CHECK(b.count == 1 && b.bytes == 32 && b.data == (uint8_t *)bytes);
    got[me][got_count[me]++] = bytes[3];
    return status;
}
/* Every message in one piece, one after the other: a survivor's last look. */
static void drain(void) {
    while (take_by(AC_SHM_NOWAIT) == AC_SHM_OK) {
    }
}

/* Whether `value` was taken, by anybody; once at most. */
static uint32_t times_got(uint64_t value) {
    uint32_t times = 0;
    for (int t = 0; t < PARTIES; t++)
        for (uint32_t i = 0; i < got_count[t]; i++) times += got[t][i] == value;
    return times;
}
/* Nothing that a put has promised is lost, but for what dead takers had; nothing comes twice. */
static void check_delivery(uint64_t highest, uint32_t dead_takers) {
    uint32_t lost = 0;
    for (int t = 0; t < PARTIES; t++)
        for (uint32_t i = 0; i < accepted_count[t]; i++) lost += times_got(accepted[t][i]) == 0;
    MODEL_CHECK(lost <= dead_takers);
    for (uint64_t value = 1; value <= highest; value++) MODEL_CHECK(times_got(value) <= 1);
    for (int t = 0; t < PARTIES; t++)
        for (uint32_t i = 0; i < got_count[t]; i++) MODEL_CHECK(got[t][i] >= 1 && got[t][i] <= highest);
}
/* No segment is lost or used twice: so many messages fit, all at once, and no more. */
static void check_capacity(uint32_t segments) {
    drain();
    for (uint32_t i = 0; i < segments; i++) MODEL_CHECK(put_by(60 + i, AC_SHM_NOWAIT) == AC_SHM_OK);
    MODEL_CHECK(put_by(99, AC_SHM_NOWAIT) == AC_SHM_LIMIT);
    const uint32_t before = got_count[model_self()];
    drain();
    MODEL_CHECK(got_count[model_self()] == before + segments);
    for (uint32_t i = 0; i < segments; i++) MODEL_CHECK(got[model_self()][before + i] == 60 + i);
}

#endif
