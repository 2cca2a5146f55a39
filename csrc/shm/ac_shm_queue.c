/* ac_shm_queue.c - see ac_shm_queue.h; README.md beside it says why nothing is lost by a kill.
 * Locks, put, waiting, the end; ac_shm_take.c takes; ac_shm_queue_open.c makes, attaches, looks. */
#include "shm/ac_shm_queue.h"

#include <stdlib.h>
#include <string.h>

#include "base/ac_backoff.h"
#include "shm/ac_peer.h"
#include "shm/ac_shm_queue_shared.h"

/* While the memory of a lane cannot be taken back because somebody reads it, look this often
 * whether that one is dead: it costs system calls. Arbitrary. */
#define REAP_EVERY_NS (10 * AC_NS_PER_MS)

/* How long a put waits at the memory limit for a lane whose holder may be about to give memory back. Who
 * runs has done that in a millisecond. Arbitrary. */
#define HELD_UP_MOST_NS (1000 * AC_NS_PER_MS)

/* As LIMIT, but for a segment that is free as soon as whoever drops its memory has done so. Stays inside. */
#define AC_SHM_LENT ((ac_shm_status)100)

/* ---- locks and what a dead holder leaves ---- */

static ac_shm_status lock_at(ac_robust_lock *lock, int64_t until_ns, bool *inherited) {
    const ac_lock_status status = until_ns == AC_SHM_TRY ? ac_robust_lock_try(lock)
                                                         : ac_robust_lock_until(lock, until_ns);
    *inherited = status == AC_LOCK_INHERITED;
    if (AC_LIKELY(status == AC_LOCK_HELD || status == AC_LOCK_INHERITED)) return AC_SHM_OK;
    return status == AC_LOCK_BUSY ? AC_SHM_BUSY : AC_SHM_CORRUPT;
}

/* Under a lane's lock, after the death of its holder. The log has one entry: if its tail is the tail,
 * the put was complete (`puts` is stored before `tail`); if not, it never happened. */
static void repair_put(ac_shm_queue *q, uint32_t at) {
    ac_shm_lane *const lane = &q->shared->lanes[at];
    const uint64_t tail = ac_load_acquire(&lane->tail);
    if (lane->log_tail != tail) ac_store_release(&lane->puts, lane->log_puts_before);
    ac_shm_stream_repair(&q->pool, &q->streams[at], tail);
}

static ac_shm_status lock_lane(ac_shm_queue *q, uint32_t at, int64_t until_ns) {
    ac_robust_lock *const lock = &q->shared->lanes[at].lock;
    bool inherited;
    const ac_shm_status status = lock_at(lock, until_ns, &inherited);
    if (AC_UNLIKELY(inherited)) {
        repair_put(q, at);
        ac_robust_lock_mended(lock);
        ac_fetch_add_relaxed(&q->shared->deaths, 1);
    }
    return status;
}

static void unlock_lane(ac_shm_queue *q, uint32_t at) {
    ac_robust_lock_release(&q->shared->lanes[at].lock);
}

/* After a message was published: one sleeper, and who waits for a descriptor. Outside the locks, which
 * the woken one may need at once. */
static void announce(ac_shm_queue *q) {
    ac_fence_seq_cst(); /* F1: the message is visible before the bits are read */
    if (AC_LIKELY(!(ac_load_relaxed(&q->shared->items.word) & AC_EC_ANYBODY))) return;
    ac_ec_notify_one(&q->shared->items, AC_WAIT_SHARED);
    ac_shm_bell_ring(&q->shared->items, q->bell);
}

static void wake_everyone(ac_shm_queue *q) {
    ac_ec_notify_all(&q->shared->items, AC_WAIT_SHARED);
    ac_shm_bell_ring(&q->shared->items, q->bell);
    ac_ec_notify_all(&q->shared->space, AC_WAIT_SHARED);
    ac_ec_notify_all(&q->shared->finished, AC_WAIT_SHARED);
}

/* Each lock: a put that saw the lane open is in before it closes. It also mends `puts`. Lanes that were
 * never used, too: they may be from now on. Idempotent: who finds it half done does all of it. */
static ac_shm_status close_lanes(ac_shm_queue *q, int64_t until_ns) {
    for (uint32_t at = 0; at < q->lanes; at++) {
        const ac_shm_status status = lock_lane(q, at, until_ns);
        if (status != AC_SHM_OK) return status;
        ac_store_release(&q->shared->lanes[at].closed, 1);
        unlock_lane(q, at);
    }
    ac_store_release(&q->shared->closed, 1); /* pairs with the acquire of a taker */
    wake_everyone(q);
    return AC_SHM_OK;
}

/* After a slice in which nothing happened: a dead putter may have left a count that says "full" or
 * "unfinished" with nobody else to ever take its lock, a dead taker an intent, and one who was killed
 * in a shutdown some lanes open. */
void ac_shm_queue_mend(ac_shm_queue *q) {
    const uint32_t used = ac_shm_lanes_used(q);
    for (uint32_t at = 0; at < used; at++)
        if (lock_lane(q, at, AC_SHM_TRY) == AC_SHM_OK) unlock_lane(q, at);
    ac_shm_claims_reap(&q->claims);
    if (ac_load_relaxed(&q->shared->closing) && !ac_load_relaxed(&q->shared->closed))
        (void)close_lanes(q, AC_SHM_TRY);
    /* A putter that was killed before it rang. */
    if (!ac_shm_queue_is_empty(q)) ac_shm_bell_ring(&q->shared->items, q->bell);
}

/* ---- lanes ---- */

/* Gives this process a lane: a free one, a dead producer's, or one that it shares. */
static AC_COLD uint32_t choose_lane(ac_shm_queue *q) {
    ac_shm_queue_shared *const sh = q->shared;
    const uint64_t self = ac_shm_claims_self(&q->claims);
    uint32_t found = q->lanes;
    for (uint32_t at = 0; at < q->lanes && found == q->lanes; at++) {
        uint64_t owner = ac_load_acquire(&sh->lanes[at].owner);
        /* ours: two threads of ours came at once */
        if (owner == self) found = at;
        else if ((owner == 0 || ac_peer_is_dead(owner)) &&
                 ac_cas_acq_rel(&sh->lanes[at].owner, &owner, self))
            found = at;
    }
    if (found == q->lanes) found = (uint32_t)(self >> 32) % q->lanes;
    /* Before anything is put there: a taker that sees what follows from it sees the lane. */
    uint32_t used = ac_load_relaxed(&sh->lanes_used);
    while (used < found + 1 && !ac_cas_acq_rel(&sh->lanes_used, &used, found + 1)) continue;
    ac_store_relaxed(&q->claims.local->lane, found + 1);
    return found;
}

static uint32_t lane_of_process(ac_shm_queue *q) {
    const uint32_t lane = ac_load_relaxed(&q->claims.local->lane);
    return AC_LIKELY(lane != 0) ? lane - 1 : choose_lane(q);
}

/* How far the lane may be recycled; under its lock. */
static uint64_t advance_head(ac_shm_queue *q, uint32_t at, uint64_t tail) {
    ac_shm_lane *const lane = &q->shared->lanes[at];
    const uint64_t next = ac_load_acquire(&lane->next); /* pairs with the CAS of a taker */
    uint64_t head = ac_load_relaxed(&lane->head);
    if (!ac_shm_positions_sane(q, head, next) || !ac_shm_positions_sane(q, next, tail)) return head;
    uint64_t bound = ac_shm_claims_bound(&q->claims, at, head, next);
    if (AC_UNLIKELY(bound >> q->pool.shift != next >> q->pool.shift)) {
        const int64_t now = ac_now_ns();
        if (now >= lane->reap_after_ns || lane->reap_after_ns > now + REAP_EVERY_NS) {
            lane->reap_after_ns = now + REAP_EVERY_NS;
            ac_shm_claims_reap(&q->claims);
            bound = ac_shm_claims_bound(&q->claims, at, head, next);
        }
    }
    ac_store_relaxed(&lane->head, bound);
    return bound;
}

/* ---- put ---- */

/* With a maxsize there is one lane, and what is inside follows from its positions: no kill can leave
 * it wrong. `next` only grows, so that the room is never overstated. */
static uint64_t room(const ac_shm_queue *q) {
    if (q->maxsize == 0) return UINT64_MAX;
    const uint64_t inside = ac_shm_lane_depth(q, 0);
    return inside < q->maxsize ? q->maxsize - inside : 0;
}

/* The same under the lock, for `n` messages: `next` is another's line, and looked at only when the
 * room that was last seen there is used up. */
static uint64_t room_held(const ac_shm_queue *q, ac_shm_lane *lane, uint64_t n, uint64_t puts) {
    if (q->maxsize == 0) return UINT64_MAX;
    const uint64_t inside = puts - lane->gets_seen;
    if (AC_LIKELY(inside < q->maxsize && q->maxsize - inside >= n)) return q->maxsize - inside;
    const uint64_t left = room(q);
    lane->gets_seen = puts - (q->maxsize - left);
    return left;
}

/* Numbers the first records of a front: at most `*count`, and of about BATCH_BYTES unless one is
 * larger. Sets `*count` to how many they are. They are ours: no check. */
static size_t number_records(uint8_t *at, uint64_t *count, uint64_t puts, int64_t stamp) {
    uint8_t *const start = at;
    uint64_t n = 0;
    for (; n < *count && (uint64_t)(at - start) < BATCH_BYTES; n++) {
        ac_shm_record *const r = (ac_shm_record *)(void *)at;
        r->number = (uint32_t)(puts + n);
        r->stamp = stamp;
        at += ac_shm_record_size(r->bytes);
    }
    *count = n;
    return (size_t)(at - start);
}

static ac_shm_status reserve(ac_shm_queue *q, uint32_t at, uint64_t tail, uint64_t end) {
    if (AC_LIKELY(ac_shm_stream_has(&q->pool, &q->streams[at], end))) return AC_SHM_OK;
    const uint64_t head = advance_head(q, at, tail);
    const ac_stream_status status =
        ac_shm_stream_reserve(&q->pool, &q->streams[at], head, tail, end);
    if (AC_LIKELY(status == AC_STREAM_OK)) return AC_SHM_OK;
    if (status == AC_STREAM_LENT) return AC_SHM_LENT;
    return status == AC_STREAM_LIMIT ? AC_SHM_LIMIT : AC_SHM_NOMEM;
}

static void write_image(const ac_shm_pool *p, const ac_shm_stream *s, uint64_t tail,
                        const ac_shm_image *image, size_t front) {
    ac_shm_stream_write(p, s, tail, image->front, front);
    tail += front;
    if (image->body_bytes > 0) ac_shm_stream_write(p, s, tail, image->body, image->body_bytes);
    tail += image->body_bytes;
    for (size_t i = 0; i < image->part_count; i++) {
        ac_shm_stream_write(p, s, tail, image->parts[i].data, image->parts[i].bytes);
        tail += image->parts[i].bytes;
    }
}

static ac_shm_status put_held(ac_shm_queue *q, uint32_t at, const ac_shm_image *image,
                              uint64_t *count, size_t *bytes) {
    ac_shm_lane *const lane = &q->shared->lanes[at];
    if (ac_load_relaxed(&lane->closed)) return AC_SHM_CLOSED; /* written under this lock */
    const uint64_t tail = ac_load_relaxed(&lane->tail);
    if (AC_UNLIKELY(!ac_shm_positions_sane(q, ac_load_relaxed(&lane->head), tail)))
        return AC_SHM_CORRUPT;

    uint64_t n = image->count;
    const uint64_t puts = ac_load_relaxed(&lane->puts);
    const uint64_t free_places = room_held(q, lane, n, puts);
    if (free_places == 0) return AC_SHM_FULL;
    if (AC_UNLIKELY(n > free_places)) n = free_places;
    size_t front = image->front_bytes;
    const int64_t stamp = q->lanes > 1 ? ac_now_ns() : 0;
    if (image->count == 1) {
        ac_shm_record *const r = image->front;
        r->number = (uint32_t)puts;
        r->stamp = stamp;
    } else {
        front = number_records(image->front, &n, puts, stamp);
    }
    const uint64_t end =
        tail + ac_shm_round_up(front + image->body_bytes + image->parts_bytes, AC_SHM_ALIGN);
    const ac_shm_status reserved = reserve(q, at, tail, end);
    if (AC_UNLIKELY(reserved != AC_SHM_OK)) return reserved;

    write_image(&q->pool, &q->streams[at], tail, image, front);

    /* A kill may fall between any two of these; repair_put relies on their order, which for a
     * successor (that comes through the kernel) only the compiler could change. */
    lane->log_puts_before = puts;
    ac_fence_compiler();
    lane->log_tail = end;
    ac_fence_compiler();
    ac_store_release(&lane->puts, puts + n); /* before tail: who takes a message finds it counted */
    ac_store_release(&lane->tail, end);      /* commit; pairs with the acquire of a taker */
    *count = n;
    *bytes = (size_t)(end - tail);
    return AC_SHM_OK;
}

/* The waiters' looks come after ac_ec_prepare (F2), and pair with F1 of the notifiers. */
static bool has_room(ac_shm_queue *q) {
    return room(q) > 0 || ac_load_relaxed(&q->shared->lanes[0].closed); /* maxsize: one lane */
}

static bool has_items(ac_shm_queue *q) {
    return !ac_shm_queue_is_empty(q) || ac_load_relaxed(&q->shared->closed);
}

/* `done` first: it never exceeds `puts`, so that equal means that all was done at that instant. */
static uint64_t all_puts(const ac_shm_queue *q) {
    uint64_t puts = 0;
    const uint32_t used = ac_shm_lanes_used(q);
    for (uint32_t at = 0; at < used; at++) puts += ac_load_seq_cst(&q->shared->lanes[at].puts);
    return puts;
}

static bool all_done(ac_shm_queue *q) {
    const uint64_t done = ac_load_seq_cst(&q->shared->done);
    return done >= all_puts(q);
}

static ac_shm_status put_in_lane(ac_shm_queue *q, uint32_t at, const ac_shm_image *image,
                                 int64_t until_ns, uint64_t *count, size_t *bytes) {
    ac_shm_status status = lock_lane(q, at, until_ns);
    if (AC_UNLIKELY(status != AC_SHM_OK)) return status;
    status = put_held(q, at, image, count, bytes);
    unlock_lane(q, at);
    return status;
}

static bool no_memory(ac_shm_status status) {
    return status == AC_SHM_LIMIT || status == AC_SHM_NOMEM || status == AC_SHM_LENT;
}

/* Takes back what was read in a lane. False if its lock is another's until `until_ns`. */
static bool tidy_lane(ac_shm_queue *q, uint32_t at, int64_t until_ns) {
    bool more = true;
    while (more) {
        const ac_shm_status status = lock_lane(q, at, until_ns);
        if (status != AC_SHM_OK) return status != AC_SHM_BUSY;
        const uint64_t head = advance_head(q, at, ac_load_relaxed(&q->shared->lanes[at].tail));
        more = ac_shm_stream_tidy(&q->pool, &q->streams[at], head);
        unlock_lane(q, at);
    }
    return true;
}

/* A put found no memory. Other lanes keep what was read in them until their putters need it, and a dead
 * putter what it had reserved. Somebody else may be in the middle of taking it back, or of dropping the
 * memory of free segments, and does either under the lock of a lane. So each lane's lock is waited for, one
 * after the other: who had it is done then, or dead and repaired. What was read before this put began is
 * free then, and what others have been faster to take has messages in it: the limit is reached. A lane that
 * cannot be had keeps the put waiting, in slices; not for ever, for its holder may be stopped. */
static AC_COLD ac_shm_status put_at_limit(ac_shm_queue *q, uint32_t at, ac_shm_image *image,
                                          int64_t until_ns, uint64_t *count, size_t *bytes) {
    ac_shm_queue_mend(q);
    bool all = true;
    ac_shm_status status;
    do {
        const uint32_t used = ac_shm_lanes_used(q);
        for (uint32_t k = 0; k < used; k++) all &= tidy_lane(q, k, until_ns);
        status = put_in_lane(q, at, image, until_ns, count, bytes);
    } while (status == AC_SHM_LENT && all && until_ns != AC_SHM_TRY && ac_now_ns() < until_ns);
    if (!no_memory(status) || (all && status != AC_SHM_LENT)) return status;
    const int64_t now = ac_now_ns();
    if (image->held_up_ns == 0) image->held_up_ns = now;
    if (now - image->held_up_ns < HELD_UP_MOST_NS) return AC_SHM_BUSY;
    return status == AC_SHM_NOMEM ? AC_SHM_NOMEM : AC_SHM_LIMIT;
}

static ac_shm_status put_once(ac_shm_queue *q, ac_shm_image *image, int64_t until_ns,
                              uint64_t *count, size_t *bytes) {
    const uint32_t at = lane_of_process(q);
    ac_shm_status status = put_in_lane(q, at, image, until_ns, count, bytes);
    if (AC_UNLIKELY(no_memory(status))) status = put_at_limit(q, at, image, until_ns, count, bytes);
    if (AC_LIKELY(status == AC_SHM_OK)) announce(q);
    return status;
}

/* ---- waiting ---- */

static int64_t slice_end(int64_t deadline_ns) {
    const int64_t end = ac_now_ns() + AC_SLICE_LAST_NS;
    return deadline_ns < end ? deadline_ns : end;
}

/* For who waits for a lock. No handler's run ends that: such a slice is always short. */
static int64_t lock_slice_end(int64_t until_ns) {
    const int64_t end = ac_now_ns() + AC_SHM_SLICE_NS;
    return until_ns < end ? until_ns : end;
}

/* Spins while the condition is false, as long as it has paid lately; not at all when it has not.
 *
 * After a few microseconds the processor is given away, for whom we wait for may need it. If somebody
 * else takes it, for a whole slice of the scheduler's, the answer waits with us: then the next waits
 * sleep instead, since a sleeper that is woken goes before who has had its slice. */
static void spin(ac_shm_queue *q, spin_kind kind, bool (*ready)(ac_shm_queue *), int64_t until_ns) {
    const uint32_t budget_ns = ac_load_relaxed(&q->spin_ns[kind]);
    if (budget_ns <= SPIN_LEAST_NS) return;
    const int64_t budget_end = ac_now_ns() + budget_ns;
    const int64_t end = until_ns < budget_end ? until_ns : budget_end;
    const uint32_t crowded = ac_load_relaxed(&q->crowded);
    if (crowded > 0) ac_store_relaxed(&q->crowded, crowded - 1);
    ac_backoff backoff = {0};
    for (int64_t now = ac_now_ns(); now < end && !ready(q);) {
        const bool gives_away = backoff.step >= AC_BACKOFF_SPIN_LIMIT;
        if (gives_away && crowded > 0) return;
        ac_backoff_snooze(&backoff);
        const int64_t before = now;
        now = ac_now_ns();
        if (AC_UNLIKELY(gives_away && now - before > YIELD_LONG_NS)) {
            ac_store_relaxed(&q->crowded, CROWDED_WAITS);
            return;
        }
    }
}

/* Learns from a wait of `waited_ns` in all. Racing threads may lose an update: it is a guess. */
static void learn(ac_shm_queue *q, spin_kind kind, int64_t waited_ns) {
    uint32_t ns = ac_load_relaxed(&q->spin_ns[kind]);
    if (waited_ns < 2 * SPIN_MOST_NS) {
        ns = ns * 2 < SPIN_MOST_NS ? ns * 2 : SPIN_MOST_NS;
    } else {
        ns = ns / 2 > SPIN_LEAST_NS ? ns / 2 : SPIN_LEAST_NS;
    }
    ac_store_relaxed(&q->spin_ns[kind], ns);
}

/* One sleep of the protocol of ac_event_count.h: OK means look again, the others are final for
 * this slice. The flag is set again before every look, so that a woken one can pass the baton. */
static ac_shm_status sleep_until(ac_event_count *ec, uint32_t key, int64_t until_ns) {
    switch (ac_ec_wait(ec, key, until_ns, AC_WAIT_SHARED)) {
    case AC_WAIT_TIMEOUT:
        return AC_SHM_EMPTY;
    case AC_WAIT_INTERRUPTED:
        return AC_SHM_INTERRUPTED;
    default:
        return AC_SHM_OK;
    }
}

ac_shm_status ac_shm_queue_put(ac_shm_queue *q, ac_shm_image *image, int64_t deadline_ns,
                               uint64_t *count, size_t *bytes) {
    if (deadline_ns == AC_SHM_TRY) {
        if (image->front_bytes + image->body_bytes + image->parts_bytes > AC_SHM_SMALL_BYTES)
            return AC_SHM_BIG;
        return put_once(q, image, AC_SHM_TRY, count, bytes);
    }
    if (deadline_ns == AC_SHM_NOWAIT)
        return put_once(q, image, lock_slice_end(AC_FOREVER), count, bytes);
    const int64_t until = slice_end(deadline_ns);
    ac_shm_status status = put_once(q, image, lock_slice_end(until), count, bytes);
    if (status != AC_SHM_FULL) return status;

    const int64_t start = ac_now_ns();
    spin(q, SPIN_ROOM, has_room, until);
    if (has_room(q)) { /* unannounced: see ac_shm_queue_take */
        status = put_once(q, image, lock_slice_end(until), count, bytes);
        if (status == AC_SHM_OK) learn(q, SPIN_ROOM, ac_now_ns() - start);
        if (status != AC_SHM_FULL) return status;
    }
    for (;;) {
        const uint32_t key = ac_ec_prepare(&q->shared->space);
        if (has_room(q)) {
            status = put_once(q, image, lock_slice_end(until), count, bytes);
            if (status == AC_SHM_OK) {
                learn(q, SPIN_ROOM, ac_now_ns() - start);
                if (has_room(q)) ac_ec_notify_one(&q->shared->space, AC_WAIT_SHARED);
            }
            if (status != AC_SHM_FULL || ac_now_ns() >= until) return status;
            continue; /* another was faster */
        }
        const ac_shm_status slept = sleep_until(&q->shared->space, key, until);
        if (slept == AC_SHM_OK) continue;
        learn(q, SPIN_ROOM, ac_now_ns() - start);
        ac_shm_queue_mend(q);
        return slept == AC_SHM_EMPTY ? AC_SHM_FULL : slept;
    }
}

/* One try of a taker that waits. Without an entry of its own it gives others the time to leave. */
static ac_shm_status take_or_yield(ac_shm_queue *q, uint64_t most, ac_shm_batch *batch,
                                   int64_t until_ns) {
    ac_backoff backoff = {0};
    for (;;) {
        const ac_shm_status status = ac_shm_take_once(q, most, batch, false);
        if (AC_LIKELY(status != AC_SHM_BUSY) || ac_now_ns() >= until_ns) return status;
        ac_backoff_snooze(&backoff);
    }
}

ac_shm_status ac_shm_queue_take(ac_shm_queue *q, uint64_t most, ac_shm_batch *batch,
                                int64_t deadline_ns) {
    if (deadline_ns == AC_SHM_TRY) return ac_shm_take_once(q, most, batch, true);
    if (deadline_ns == AC_SHM_NOWAIT) return take_or_yield(q, most, batch, lock_slice_end(AC_FOREVER));
    const int64_t until = slice_end(deadline_ns);
    const int64_t start = ac_now_ns();
    spin(q, SPIN_ITEMS, has_items, until);
    if (has_items(q)) {
        /* Unannounced, or each wait that a spin has ended would leave a flag behind, and the next put
         * wake nobody. Who has not slept since it came owes nobody a wake. */
        const ac_shm_status status = take_or_yield(q, most, batch, until);
        if (status == AC_SHM_OK) learn(q, SPIN_ITEMS, ac_now_ns() - start);
        if (status != AC_SHM_EMPTY) return status;
    }
    for (;;) {
        const uint32_t key = ac_ec_prepare(&q->shared->items);
        if (has_items(q)) {
            const ac_shm_status status = take_or_yield(q, most, batch, until);
            if (status == AC_SHM_EMPTY) { /* another was faster */
                if (ac_now_ns() >= until) return status;
                continue;
            }
            learn(q, SPIN_ITEMS, ac_now_ns() - start);
            if (has_items(q)) ac_ec_notify_one(&q->shared->items, AC_WAIT_SHARED);
            return status;
        }
        const ac_shm_status slept = sleep_until(&q->shared->items, key, until);
        if (slept == AC_SHM_OK) continue;
        learn(q, SPIN_ITEMS, ac_now_ns() - start);
        ac_shm_queue_mend(q);
        return slept;
    }
}

ac_shm_status ac_shm_queue_look(ac_shm_queue *q, int64_t deadline_ns) {
    if (has_items(q)) return AC_SHM_OK;
    if (deadline_ns == AC_SHM_TRY || deadline_ns == AC_SHM_NOWAIT) return AC_SHM_EMPTY;
    const int64_t until = slice_end(deadline_ns);
    for (;;) {
        const uint32_t key = ac_ec_prepare(&q->shared->items);
        if (has_items(q)) {
            /* We take nothing: the wake that came to us is for another, too. */
            ac_ec_notify_one(&q->shared->items, AC_WAIT_SHARED);
            return AC_SHM_OK;
        }
        const ac_shm_status slept = sleep_until(&q->shared->items, key, until);
        if (slept == AC_SHM_OK) continue;
        ac_shm_queue_mend(q);
        return slept;
    }
}

bool ac_shm_queue_listen(ac_shm_queue *q, ac_shm_ear *ear) {
    ac_shm_ear_clear(ear);
    ac_shm_bell_arm(&q->shared->items);
    if (!has_items(q)) return false;
    ac_shm_ear_set(ear, q->bell);
    return true;
}

void ac_shm_queue_pass_on(ac_shm_queue *q) {
    if (has_items(q)) ac_ec_notify_one(&q->shared->items, AC_WAIT_SHARED);
    if (has_room(q)) ac_ec_notify_one(&q->shared->space, AC_WAIT_SHARED);
}

/* ---- the end, and joining ---- */

/* When no put can come any more. `done` first: killed in between, joiners are let go early rather
 * than never. */
static void discard(ac_shm_queue *q, uint32_t at) {
    ac_shm_queue_shared *const sh = q->shared;
    const uint64_t expected = ac_shm_lane_depth(q, at);
    ac_fetch_add_acq_rel(&sh->done, expected);
    const uint64_t dropped = ac_shm_take_discard(q, at);
    if (dropped != expected) ac_fetch_add_acq_rel(&sh->done, dropped - expected);
}

ac_shm_status ac_shm_queue_shutdown(ac_shm_queue *q, bool drop) {
    const int64_t until = lock_slice_end(AC_FOREVER);
    ac_shm_queue_shared *const sh = q->shared;
    ac_store_release(&sh->closing, 1); /* others go on with it if we are killed */
    const ac_shm_status status = close_lanes(q, until);
    if (status != AC_SHM_OK || !drop) return status;
    for (uint32_t at = 0; at < q->lanes; at++) discard(q, at);
    ac_shm_queue_tidy(q);
    wake_everyone(q); /* joiners */
    return AC_SHM_OK;
}

bool ac_shm_queue_done(ac_shm_queue *q) {
    ac_shm_queue_shared *const sh = q->shared;
    uint64_t done = ac_load_acquire(&sh->done);
    do {
        if (done >= all_puts(q)) return false;
    } while (!ac_cas_acq_rel(&sh->done, &done, done + 1));
    if (all_done(q)) ac_ec_notify_all(&sh->finished, AC_WAIT_SHARED);
    return true;
}

ac_shm_status ac_shm_queue_join(ac_shm_queue *q, int64_t deadline_ns) {
    const int64_t until = slice_end(deadline_ns);
    for (;;) {
        const uint32_t key = ac_ec_prepare(&q->shared->finished);
        if (all_done(q)) return AC_SHM_OK;
        const ac_shm_status slept = sleep_until(&q->shared->finished, key, until);
        if (slept == AC_SHM_OK) continue;
        ac_shm_queue_mend(q);
        return slept;
    }
}

void ac_shm_queue_tidy(ac_shm_queue *q) {
    const uint32_t used = ac_shm_lanes_used(q);
    for (uint32_t at = 0; at < used; at++) {
        const uint64_t next = ac_load_relaxed(&q->shared->lanes[at].next);
        /* Who has the lane takes memory back as it needs. */
        if (ac_shm_stream_behind(&q->pool, &q->streams[at], next) > 0)
            (void)tidy_lane(q, at, AC_SHM_TRY);
    }
}
