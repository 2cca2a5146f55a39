/* ac_shm_take.c - the taking side of ac_shm_queue.h: look at the lanes, claim, copy. No locks.
 *
 * A taker never writes to a lane but by the CAS on `next`. What it reads before the CAS may be stale
 * (others took it, the memory was used again): `next` only grows, so that a CAS that succeeds proves
 * that nobody has taken position n since, and then that nobody could recycle it either. After the CAS
 * the claimant's intent keeps the bytes (ac_shm_claims.h).
 */
#include "shm/ac_shm_queue_shared.h"

#include <stdlib.h>
#include <string.h>

#define NO_LANE UINT32_MAX
#define NO_STAMP INT64_MAX

/* A read that may be stale is a race in the eyes of the thread sanitizer; see above why it is none. */
#if defined(__SANITIZE_THREAD__)
#define STALE_READ __attribute__((no_sanitize("thread"), noinline))
#else
#define STALE_READ
#endif

STALE_READ bool ac_shm_header_at(const ac_shm_queue *q, uint32_t lane, uint64_t at,
                                 ac_shm_record *r) {
    const uint8_t *const p = ac_shm_stream_peek(&q->pool, &q->streams[lane], at);
    if (p == NULL) return false;
    /* Acquire: a look at `next` that follows is later than this read. */
    ac_atomic_u64 *const words = (ac_atomic_u64 *)(void *)(uintptr_t)p;
    const uint64_t copy[3] = {ac_load_acquire(&words[0]), ac_load_acquire(&words[1]),
                              ac_load_acquire(&words[2])};
    memcpy(r, copy, sizeof *r); /* 24 bytes at a multiple of 32 never cross a segment */
    return true;
}

static bool is_header(const ac_shm_record *r, uint64_t rest) {
    return r->mark == AC_SHM_MARK && r->kind != 0 && rest >= sizeof *r &&
           r->bytes <= rest - sizeof *r;
}

uint64_t ac_shm_lane_depth(const ac_shm_queue *q, uint32_t at) {
    const ac_shm_lane *const lane = &q->shared->lanes[at];
    uint64_t next = ac_load_acquire(&lane->next);
    for (;;) {
        const uint64_t tail = ac_load_acquire(&lane->tail);
        if (next == tail) return 0;
        ac_shm_record r;
        const bool read = ac_shm_header_at(q, at, next, &r);
        const uint64_t puts = ac_load_acquire(&lane->puts);
        const uint64_t again = ac_load_acquire(&lane->next);
        if (again == next) return read ? (uint32_t)((uint32_t)puts - r.number) : 0;
        next = again;
    }
}

/* ---- which lane ---- */

typedef struct choice {
    uint32_t lane;
    uint64_t next, tail; /* of the lane */
    int64_t until; /* records with a later stamp come after another lane's first */
} choice;

/* The lane with the earliest message. False: something moved; look again.
 *
 * Why an earlier message is not overlooked: let y, in the lane that is chosen, have been put after
 * the put of x had returned. We have read the tail behind y (acquire), so that x and its lane are
 * visible to every later load. Lanes that are looked at after y's show x; those before it, which
 * looked empty or had a later message first, are looked at again, and so is the number of lanes. The
 * same holds for all messages up to the tail that was read, up to the stamp `until`. */
static bool choose(const ac_shm_queue *q, uint32_t used, choice *c) {
    int64_t best = NO_STAMP;
    uint64_t tails[AC_SHM_LANES];
    *c = (choice){.lane = NO_LANE, .until = NO_STAMP};
    for (uint32_t at = 0; at < used; at++) {
        const ac_shm_lane *const lane = &q->shared->lanes[at];
        const uint64_t next = ac_load_acquire(&lane->next);
        const uint64_t tail = ac_load_acquire(&lane->tail);
        tails[at] = tail;
        if (next == tail) continue;
        ac_shm_record r;
        if (!ac_shm_header_at(q, at, next, &r)) r.stamp = 0; /* the claim finds out */
        if (ac_load_acquire(&lane->next) != next) return false; /* the stamp may be stale */
        if (c->lane == NO_LANE || r.stamp < best) {
            if (c->lane != NO_LANE) c->until = best;
            best = r.stamp;
            c->lane = at;
            c->next = next;
            c->tail = tail;
        } else if (r.stamp < c->until) {
            c->until = r.stamp;
        }
    }
    const uint32_t again = c->lane == NO_LANE ? used : c->lane;
    for (uint32_t at = 0; at < again; at++)
        if (ac_load_acquire(&q->shared->lanes[at].tail) != tails[at] &&
            ac_load_acquire(&q->shared->lanes[at].next) == tails[at])
            return false; /* it was empty, and is not */
    return ac_shm_lanes_used(q) == used;
}

/* ---- claim and copy ---- */

/* Where `bytes` of records go; see ac_shm_batch. OK, BIG or NOMEM. */
static ac_shm_status find_place(ac_shm_batch *batch, size_t bytes, bool one, bool try_only) {
    if (bytes <= batch->small_bytes &&
        !(try_only && bytes > AC_SHM_SMALL_BYTES + sizeof(ac_shm_record))) {
        batch->data = batch->small;
        return AC_SHM_OK;
    }
    if (batch->lease != NULL) {
        batch->data = NULL;
        return AC_SHM_OK;
    }
    if (try_only) return AC_SHM_BIG;
    if (one) {
        batch->data = NULL; /* in two places */
        return batch->exact != NULL && batch->exact_bytes == batch->wanted ? AC_SHM_OK : AC_SHM_BIG;
    }
    batch->data = batch->large = malloc(bytes);
    return batch->large != NULL ? AC_SHM_OK : AC_SHM_NOMEM;
}

static bool copy_out(const ac_shm_queue *q, uint32_t lane, uint64_t from, size_t bytes,
                     ac_shm_batch *batch) {
    const ac_shm_stream *const s = &q->streams[lane];
    if (AC_LIKELY(batch->data != NULL))
        return ac_shm_stream_read(&q->pool, s, from, (uint8_t *)(uintptr_t)batch->data, bytes);
    batch->data = batch->small;
    if (!ac_shm_stream_read(&q->pool, s, from, batch->small, sizeof(ac_shm_record))) return false;
    return batch->lease != NULL ||
           ac_shm_stream_read(&q->pool, s, from + sizeof(ac_shm_record), batch->exact,
                              batch->exact_bytes);
}

/* How far a claim of `most` messages goes; false if a header cannot be one. */
static bool measure(const ac_shm_queue *q, const choice *c, uint64_t most, ac_shm_batch *batch,
                    uint64_t *end, uint64_t *count) {
    uint64_t at = c->next, n = 0;
    if (!ac_shm_positions_sane(q, c->next, c->tail)) return false;
    while (n < most && at != c->tail) {
        ac_shm_record r;
        if (!ac_shm_header_at(q, c->lane, at, &r) || !is_header(&r, c->tail - at)) return false;
        const uint64_t following = at + ac_shm_record_size(r.bytes);
        if (n == 0) {
            batch->wanted = (size_t)r.bytes;
            batch->wanted_kind = r.kind;
        }
        if (n > 0 && (following - c->next > BATCH_BYTES || r.stamp > c->until)) break;
        at = following;
        n++;
    }
    *end = at;
    *count = n;
    return at <= c->tail;
}

/* EMPTY here means that others were faster: choose again. */
static ac_shm_status claim_and_copy(ac_shm_queue *q, const choice *c, ac_shm_claim *claim,
                                    uint64_t most, ac_shm_batch *batch, bool try_only) {
    ac_shm_lane *const lane = &q->shared->lanes[c->lane];
    uint64_t end, count, next = c->next;
    const bool valid = measure(q, c, most, batch, &end, &count);
    const size_t bytes = (size_t)(end - c->next);
    ac_shm_status status =
        valid ? find_place(batch, bytes, most == 1, try_only) : AC_SHM_CORRUPT;
    if (AC_UNLIKELY(status != AC_SHM_OK)) {
        return ac_load_acquire(&lane->next) == c->next ? status : AC_SHM_EMPTY;
    }
    ac_shm_claim_intend(claim, c->lane, c->next, count);
    if (AC_UNLIKELY(!ac_cas_acq_rel(&lane->next, &next, end))) {
        free(batch->large);
        batch->large = NULL;
        return AC_SHM_EMPTY;
    }
    const bool leased = batch->data == NULL && batch->lease != NULL;
    const bool copied = copy_out(q, c->lane, c->next, bytes, batch);
    if (leased && copied) {
        batch->lease->bytes = batch->wanted;
        batch->lease->at = c->next + sizeof(ac_shm_record);
        batch->lease->lane = c->lane;
    } else {
        ac_shm_claim_settle(claim);
    }
    if (AC_UNLIKELY(!copied)) {
        free(batch->large);
        batch->large = NULL;
        return AC_SHM_CORRUPT;
    }
    batch->bytes = bytes;
    batch->count = count;
    batch->untidy =
        ac_shm_stream_behind(&q->pool, &q->streams[c->lane], end) > q->pool.spares / 4;
    return AC_SHM_OK;
}

/* The tail of the first lane, which only grows. It is the putters' line, and looked at only when what
 * was last seen there is used up. */
static uint64_t first_tail(const ac_shm_queue *q, uint64_t next, uint64_t most) {
    const uint64_t seen = ac_load_acquire(&q->claims.local->tail);
    if (most == 1 && seen > next) return seen;
    const uint64_t tail = ac_load_acquire(&q->shared->lanes[0].tail); /* with the commit of a put */
    ac_store_release(&q->claims.local->tail, tail); /* orders other threads of ours as it does us */
    return tail;
}

/* With a lease, the entry and the intent are the lease's from now on. Returns whether it is so. */
static bool hand_over(ac_shm_queue *q, ac_shm_batch *batch, int entry) {
    if (batch->lease == NULL) return false;
    if (batch->lease->bytes != 0) {
        batch->lease->entry = entry;
        batch->lease->self = ac_shm_claims_self(&q->claims);
        return true;
    }
    (void)ac_fetch_add_relaxed(&q->claims.local->leases, UINT32_MAX);
    return false;
}

ac_shm_status ac_shm_take_once(ac_shm_queue *q, uint64_t most, ac_shm_batch *batch,
                               bool try_only) {
    if (batch->lease != NULL) {
        *batch->lease = (ac_shm_lease){0};
        if (ac_fetch_add_relaxed(&q->claims.local->leases, 1) >= AC_SHM_LEASES) {
            (void)ac_fetch_add_relaxed(&q->claims.local->leases, UINT32_MAX);
            batch->lease = NULL;
        }
    }
    ac_shm_queue_shared *const sh = q->shared;
    ac_shm_status status = AC_SHM_EMPTY;
    int entry = -1;
    while (status == AC_SHM_EMPTY) {
        /* Before the lanes: if it was closed, no put comes any more. */
        const uint32_t closed = ac_load_acquire(&sh->closed);
        const uint32_t used = ac_shm_lanes_used(q);
        choice c = {.lane = 0, .until = NO_STAMP};
        if (used == 1) {
            c.next = ac_load_acquire(&sh->lanes[0].next);
            c.tail = first_tail(q, c.next, most);
            if (c.next == c.tail) c.lane = NO_LANE;
            if (AC_UNLIKELY(ac_shm_lanes_used(q) != 1)) continue;
        } else if (!choose(q, used, &c)) {
            continue;
        }
        if (c.lane == NO_LANE) {
            if (closed != 0) status = closed == 1 ? AC_SHM_CLOSED : AC_SHM_CORRUPT;
            break;
        }
        if (entry < 0 && (entry = ac_shm_claims_enter(&q->claims)) < 0) {
            status = AC_SHM_BUSY;
            break;
        }
        status = claim_and_copy(q, &c, ac_shm_claims_at(&q->claims, entry), most, batch, try_only);
        if (status == AC_SHM_EMPTY) ac_pause();
    }
    if (!hand_over(q, batch, entry) && entry >= 0) {
        /* A lost CAS leaves an intent behind. */
        if (AC_UNLIKELY(status != AC_SHM_OK))
            ac_shm_claim_settle(ac_shm_claims_at(&q->claims, entry));
        ac_shm_claims_leave(&q->claims, entry);
    }
    if (status == AC_SHM_OK && q->maxsize != 0) ac_ec_notify_one(&sh->space, AC_WAIT_SHARED);
    return status;
}

uint64_t ac_shm_take_discard(ac_shm_queue *q, uint32_t at) {
    ac_shm_lane *const lane = &q->shared->lanes[at];
    const uint64_t tail = ac_load_acquire(&lane->tail);
    for (;;) {
        uint64_t next = ac_load_acquire(&lane->next);
        if (next == tail || !ac_shm_positions_sane(q, next, tail)) return 0;
        const uint64_t depth = ac_shm_lane_depth(q, at);
        /* The depth belongs to `next` if the CAS succeeds: it only grows. */
        if (ac_cas_acq_rel(&lane->next, &next, tail)) return depth;
    }
}
