/* ac_shm_queue_open.c - makes and attaches the queues of ac_shm_queue.h, and looks at them. */
#include "shm/ac_shm_queue.h"

#include <errno.h>
#include <unistd.h>

#include "shm/ac_shm_queue_shared.h"

/* Measured: 64 KB segments with prefaulting cost 14 us each to get and 7 to give back, as much per
 * byte as larger ones, and two of them stay in the second-level cache. 16 MB of spares: a producer
 * of 64 KB messages runs ahead of its consumer by some 12 MB at times, and memory that is given
 * back in between halves the rate. */
#define DEFAULT_SHIFT 16u
#define DEFAULT_SPARES 256u

/* What has memory from the start: all but the slots of participants that never came. */
#define HEAD_BYTES offsetof(ac_shm_queue_shared, claims.slots)

static size_t tables_bytes(uint32_t count, uint32_t lanes) {
    return lanes * ac_shm_stream_table_bytes(count);
}

static int open_parts(ac_shm_queue *q) {
    ac_shm_queue_shared *const sh = q->shared;
    uint8_t *const base = q->region.base;
    const ac_shm_queue_fixed *const f = &sh->fixed;
    ac_shm_pool_open(&q->pool, &q->region, &sh->pool, base + f->words_at, base + f->data_at,
                     f->shift, f->count, f->spares);
    q->lanes = f->lanes;
    q->maxsize = f->maxsize;
    q->flags = f->flags;
    for (uint32_t at = 0; at < q->lanes; at++)
        q->streams[at] = (ac_shm_stream){
            .shared = &sh->lanes[at].stream,
            .segment_of = (ac_atomic_u32 *)(void *)(base + f->tables_at +
                                                    at * ac_shm_stream_table_bytes(f->count)),
            .who = at + 1,
        };
    ac_store_relaxed(&q->spin_ns[SPIN_ITEMS], SPIN_FIRST_NS);
    ac_store_relaxed(&q->spin_ns[SPIN_ROOM], SPIN_FIRST_NS);
    return ac_shm_claims_open(&q->claims, &q->region, &sh->claims);
}

int ac_shm_queue_create(ac_shm_queue *q, const ac_shm_queue_options *options) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint32_t shift = options->shift != 0 ? options->shift : DEFAULT_SHIFT;
    while ((UINT64_C(1) << shift) < page) shift++;
    const uint64_t size = UINT64_C(1) << shift;
    /* One more than the limit holds: the first and the last segment are partly behind and ahead. */
    const uint64_t wanted = (options->limit_bytes + size - 1) / size + 1;
    if (wanted > UINT32_MAX / 4) return ENOMEM;
    const uint32_t count = wanted < 2 ? 2 : (uint32_t)wanted;
    /* A maxsize is exact because one lock is held by whoever counts. */
    uint32_t lanes = options->maxsize != 0 ? 1 : options->lanes;
    if (lanes == 0 || lanes > AC_SHM_LANES) lanes = AC_SHM_LANES;
    const size_t words_at = ac_shm_round_up(sizeof(ac_shm_queue_shared), page);
    const size_t tables_at = words_at + ac_shm_round_up(ac_shm_pool_words_bytes(count), page);
    const size_t data_at = ac_shm_round_up(tables_at + tables_bytes(count, lanes), page);

    const size_t bytes = data_at + ((size_t)count << shift);
    int err = options->file > 0 ? ac_shm_region_create_in(&q->region, options->file - 1, bytes)
                                : ac_shm_region_create(&q->region, bytes);
    if (err != 0) return err;
    *q = (ac_shm_queue){.region = q->region, .bell = -1};
    err = ac_shm_region_back(&q->region, 0, HEAD_BYTES);
    ac_shm_queue_shared *const sh = (ac_shm_queue_shared *)(void *)q->region.base;
    for (uint32_t at = 0; at < lanes && err == 0; at++)
        err = ac_robust_lock_init(&sh->lanes[at].lock);
    if (err != 0) {
        if (options->file > 0) q->region.fd = -1; /* stays the caller's */
        ac_shm_region_close(&q->region);
        return err;
    }
    sh->fixed = (ac_shm_queue_fixed){
        .magic = MAGIC,
        .layout = LAYOUT,
        .shift = shift,
        .count = count,
        .spares = options->spares != 0 ? options->spares : DEFAULT_SPARES,
        .data_at = data_at,
        .words_at = words_at,
        .tables_at = tables_at,
        .maxsize = options->maxsize,
        .lanes = lanes,
        .flags = options->flags,
    };
    q->shared = sh;
    err = open_parts(q);
    if (err != 0) {
        if (options->file > 0) q->region.fd = -1;
        ac_shm_region_close(&q->region);
    }
    return err;
}

/* Whether all that the header says lies inside the region. */
static bool fits(const ac_shm_queue_fixed *f, size_t bytes) {
    return f->layout == LAYOUT && f->shift >= 12 && f->shift < 40 && f->count >= 2 &&
           f->count <= UINT32_MAX / 4 && f->lanes >= 1 && f->lanes <= AC_SHM_LANES &&
           (f->lanes == 1 || f->maxsize == 0) && f->words_at >= sizeof(ac_shm_queue_shared) &&
           f->words_at < bytes && f->tables_at < bytes && f->data_at < bytes &&
           (f->words_at | f->tables_at | f->data_at) % 16 == 0 &&
           f->tables_at >= f->words_at + ac_shm_pool_words_bytes(f->count) &&
           f->data_at >= f->tables_at + tables_bytes(f->count, f->lanes) &&
           (uint64_t)f->count << f->shift <= bytes - f->data_at;
}

int ac_shm_queue_attach(ac_shm_queue *q, int fd) {
    *q = (ac_shm_queue){.bell = -1};
    int err = ac_shm_region_attach(&q->region, fd);
    if (err != 0) return err;
    ac_shm_queue_shared *const sh = (ac_shm_queue_shared *)(void *)q->region.base;
    const bool ours = q->region.bytes >= sizeof *sh && sh->fixed.magic == MAGIC;
    if (!ours || !fits(&sh->fixed, q->region.bytes)) err = ours ? EPROTO : EINVAL;
    q->shared = sh;
    if (err == 0) err = open_parts(q);
    if (err != 0) {
        q->region.fd = -1; /* stays the caller's */
        ac_shm_region_close(&q->region);
    }
    return err;
}

void ac_shm_queue_close(ac_shm_queue *q) {
    ac_shm_claims_close(&q->claims);
    ac_shm_region_close(&q->region);
    q->shared = NULL;
}

bool ac_shm_queue_is_shut_down(const ac_shm_queue *q) {
    return ac_load_acquire(&q->shared->closed);
}

uint64_t ac_shm_queue_depth(const ac_shm_queue *q) {
    uint64_t depth = 0;
    const uint32_t used = ac_shm_lanes_used(q);
    for (uint32_t at = 0; at < used; at++) depth += ac_shm_lane_depth(q, at);
    return depth;
}

/* One pass finds that each lane was empty once; unchanged tails, that all were at one instant. */
bool ac_shm_queue_is_empty(const ac_shm_queue *q) {
    uint64_t tails[AC_SHM_LANES];
    for (;;) {
        const uint32_t used = ac_shm_lanes_used(q);
        uint32_t same = 0;
        for (uint32_t at = 0; at < used; at++) {
            const uint64_t next = ac_load_acquire(&q->shared->lanes[at].next);
            tails[at] = ac_load_acquire(&q->shared->lanes[at].tail);
            if (tails[at] != next) return false;
        }
        for (; same < used; same++)
            if (ac_load_acquire(&q->shared->lanes[same].tail) != tails[same]) break;
        if (same == used && ac_shm_lanes_used(q) == used) return true;
    }
}

void ac_shm_queue_stat(ac_shm_queue *q, ac_shm_queue_stats *out) {
    ac_shm_queue_shared *const sh = q->shared;
    ac_shm_claims_reap(&q->claims);
    *out = (ac_shm_queue_stats){0};
    out->lanes = ac_shm_lanes_used(q);
    for (uint32_t at = 0; at < out->lanes; at++) {
        const uint64_t depth = ac_shm_lane_depth(q, at);
        const uint64_t puts = ac_load_acquire(&sh->lanes[at].puts);
        const uint64_t next = ac_load_acquire(&sh->lanes[at].next);
        const uint64_t tail = ac_load_acquire(&sh->lanes[at].tail);
        out->puts += puts;
        out->gets += puts > depth ? puts - depth : 0;
        out->bytes += tail;
        out->waiting_bytes += tail > next ? tail - next : 0;
    }
    out->done = ac_load_acquire(&sh->done);
    out->memory_bytes = HEAD_BYTES + (ac_shm_pool_backed(&q->pool) << q->pool.shift);
    out->limit_bytes = (uint64_t)q->pool.count << q->pool.shift;
    out->deaths = ac_load_relaxed(&sh->deaths) + ac_load_relaxed(&sh->claims.deaths);
    out->lost = ac_load_relaxed(&sh->claims.lost);
}
