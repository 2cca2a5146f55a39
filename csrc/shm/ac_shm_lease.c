/* ac_shm_lease.c - see ac_shm_lease.h. */
#include "shm/ac_shm_lease.h"

#include <errno.h>
#include <sys/mman.h>

#include "shm/ac_shm_queue_shared.h"

typedef struct span {
    uint64_t first, last; /* logical segments */
    size_t inside;        /* where in the first one the payload begins */
} span;

static span span_of(const ac_shm_queue *q, const ac_shm_lease *lease) {
    const uint32_t shift = q->pool.shift;
    return (span){
        .first = lease->at >> shift,
        .last = (lease->at + lease->bytes - 1) >> shift,
        .inside = (size_t)(lease->at & ((UINT64_C(1) << shift) - 1)),
    };
}

static const uint8_t *segment(const ac_shm_queue *q, const ac_shm_lease *lease, uint64_t logical) {
    return ac_shm_stream_peek(&q->pool, &q->streams[lease->lane], logical << q->pool.shift);
}

/* The first logical segment behind `from` that does not follow its neighbour in memory. */
static uint64_t run_end(const ac_shm_queue *q, const ac_shm_lease *lease, uint64_t from,
                        uint64_t last) {
    const uint8_t *at = segment(q, lease, from);
    uint64_t next = from + 1;
    for (; next <= last; next++) {
        const uint8_t *const following = segment(q, lease, next);
        if (at == NULL || following != at + ((size_t)1 << q->pool.shift)) break;
        at = following;
    }
    return next;
}

/* A mapping of its own: a piece for each run of neighbours. */
static int map_runs(ac_shm_queue *q, ac_shm_lease *lease, const span *s) {
    const uint32_t shift = q->pool.shift;
    const size_t bytes = (size_t)(s->last - s->first + 1) << shift;
    uint8_t *const base = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED) return errno;
    int err = 0;
    for (uint64_t from = s->first; from <= s->last && err == 0;) {
        const uint64_t end = run_end(q, lease, from, s->last);
        const uint8_t *const source = segment(q, lease, from);
        if (source == NULL) {
            err = EPROTO;
            break;
        }
        void *const at =
            mmap(base + ((size_t)(from - s->first) << shift), (size_t)(end - from) << shift,
                 PROT_READ, MAP_SHARED | MAP_FIXED, q->region.fd, (off_t)(source - q->region.base));
        if (at == MAP_FAILED) err = errno;
        from = end;
    }
    if (err != 0) {
        munmap(base, bytes);
        return err;
    }
    lease->map = base;
    lease->map_bytes = bytes;
    return 0;
}

int ac_shm_lease_map(ac_shm_queue *q, ac_shm_lease *lease, const uint8_t **data) {
    const span s = span_of(q, lease);
    const uint8_t *const first = segment(q, lease, s.first);
    if (first == NULL) return EPROTO;
    /* Within the region whatever the table says: peek gives whole segments of it. */
    if (run_end(q, lease, s.first, s.last) > s.last) {
        *data = first + s.inside;
        return 0;
    }
    const int err = map_runs(q, lease, &s);
    if (err == 0) *data = (const uint8_t *)lease->map + s.inside;
    return err;
}

bool ac_shm_lease_copy(ac_shm_queue *q, const ac_shm_lease *lease, void *to) {
    return ac_shm_stream_read(&q->pool, &q->streams[lease->lane], lease->at, to,
                              (size_t)lease->bytes);
}

bool ac_shm_lease_release(ac_shm_queue *q, ac_shm_lease *lease) {
    if (lease->bytes == 0) return false;
    if (lease->map != NULL) munmap(lease->map, lease->map_bytes);
    const bool ours = lease->self == ac_shm_claims_self(&q->claims);
    const uint32_t lane = lease->lane;
    if (ours) {
        ac_shm_claim_settle(ac_shm_claims_at(&q->claims, lease->entry));
        ac_shm_claims_leave(&q->claims, lease->entry);
        (void)ac_fetch_add_relaxed(&q->claims.local->leases, UINT32_MAX);
    }
    *lease = (ac_shm_lease){0};
    const uint64_t next = ac_load_relaxed(&q->shared->lanes[lane].next);
    return ours && ac_shm_stream_behind(&q->pool, &q->streams[lane], next) > q->pool.spares / 4;
}
