/* ac_shm_queue.c - see ac_shm_queue.h; README.md beside it says why nothing is lost by a kill.
 * Locks, put, take, waiting, the end; ac_shm_queue_open.c makes, attaches and looks. */
#include "shm/ac_shm_queue.h"

#include <stdlib.h>
#include <string.h>

#include "base/ac_backoff.h"
#include "shm/ac_shm_queue_shared.h"

/* A soft bound on what a batch copies under a lock: about 100 us. Arbitrary. */
#define BATCH_BYTES (UINT64_C(1) << 20)

/* ---- locks and what a dead holder leaves ---- */

static bool positions_sane(const ac_shm_queue *q, uint64_t head, uint64_t tail) {
    return tail - head <= (uint64_t)q->stream.count << q->stream.shift &&
           ((head | tail) & (AC_SHM_ALIGN - 1)) == 0;
}

/* Under put_lock, after the death of its holder. The log has one entry: if its tail is the tail,
 * the put was complete (`puts` is stored before `tail`); if not, it never happened. */
static void repair_put(ac_shm_queue *q) {
    ac_shm_queue_shared *const sh = q->shared;
    const uint64_t head = ac_load_acquire(&sh->head);
    const uint64_t tail = ac_load_acquire(&sh->tail);
    if (sh->log_tail != tail) ac_store_release(&sh->puts, sh->log_puts_before);
    if (positions_sane(q, head, tail)) ac_shm_stream_rebuild(&q->stream, head, tail);
}

/* Under take_lock: if head reached what the log says, the take was complete but for its count. */
static void repair_take(ac_shm_queue *q) {
    ac_shm_queue_shared *const sh = q->shared;
    if (sh->log_head == ac_load_relaxed(&sh->head)) ac_store_release(&sh->gets, sh->log_gets_after);
}

typedef enum side { PUT_SIDE, TAKE_SIDE } side;

static ac_robust_lock *lock_of(ac_shm_queue *q, side which) {
    return which == PUT_SIDE ? &q->shared->put_lock : &q->shared->take_lock;
}

static ac_shm_status locked(ac_shm_queue *q, side which, ac_lock_status status) {
    switch (status) {
    case AC_LOCK_HELD:
        return AC_SHM_OK;
    case AC_LOCK_INHERITED:
        if (which == PUT_SIDE) {
            repair_put(q);
        } else {
            repair_take(q);
        }
        ac_robust_lock_mended(lock_of(q, which));
        ac_fetch_add_relaxed(&q->shared->deaths, 1);
        return AC_SHM_OK;
    case AC_LOCK_BUSY:
        return AC_SHM_BUSY;
    default:
        return AC_SHM_CORRUPT;
    }
}

static ac_shm_status lock(ac_shm_queue *q, side which, int64_t until_ns) {
    return locked(q, which, until_ns == AC_SHM_TRY
                                ? ac_robust_lock_try(lock_of(q, which))
                                : ac_robust_lock_until(lock_of(q, which), until_ns));
}

static void unlock(ac_shm_queue *q, side which) { ac_robust_lock_release(lock_of(q, which)); }

/* After a slice in which nothing happened: a dead holder may have left counts that say "full" or
 * "unfinished", and nobody else may ever take the lock that it held. */
static void mend(ac_shm_queue *q) {
    for (side which = PUT_SIDE; which <= TAKE_SIDE; which++)
        if (lock(q, which, AC_SHM_TRY) == AC_SHM_OK) unlock(q, which);
}

/* ---- put ---- */

static uint64_t room(const ac_shm_queue *q) {
    if (q->maxsize == 0) return UINT64_MAX;
    /* gets first: it only grows, so that the room is never overstated. Acquire: pairs with commit
     * in take_held. */
    const uint64_t gets = ac_load_acquire(&q->shared->gets);
    const uint64_t inside = ac_load_relaxed(&q->shared->puts) - gets;
    return inside < q->maxsize ? q->maxsize - inside : 0;
}

/* The first records of a front: at most `*count`, and of about BATCH_BYTES unless one is larger.
 * Sets `*count` to how many they are. They are ours: no check. */
static size_t prefix_bytes(const uint8_t *at, uint64_t *count) {
    const uint8_t *const start = at;
    uint64_t n = 0;
    for (; n < *count && (uint64_t)(at - start) < BATCH_BYTES; n++) {
        ac_shm_record r;
        memcpy(&r, at, sizeof r);
        at += ac_shm_record_size(r.bytes);
    }
    *count = n;
    return (size_t)(at - start);
}

static ac_shm_status put_held(ac_shm_queue *q, const ac_shm_image *image, uint64_t *count,
                              size_t *bytes) {
    ac_shm_queue_shared *const sh = q->shared;
    if (ac_load_relaxed(&sh->closed)) return AC_SHM_CLOSED; /* written under this lock */
    const uint64_t head = ac_load_acquire(&sh->head); /* pairs with commit in take_held */
    const uint64_t tail = ac_load_relaxed(&sh->tail);
    if (AC_UNLIKELY(!positions_sane(q, head, tail))) return AC_SHM_CORRUPT;

    uint64_t n = image->count;
    size_t front = image->front_bytes;
    const uint64_t free_places = room(q);
    if (free_places == 0) return AC_SHM_FULL;
    if (AC_UNLIKELY(n > free_places || (n > 1 && front > BATCH_BYTES))) {
        if (n > free_places) n = free_places;
        front = prefix_bytes(image->front, &n);
    }
    const uint64_t end = tail + ac_shm_round_up(front + image->body_bytes, AC_SHM_ALIGN);
    const ac_stream_status reserved = ac_shm_stream_reserve(&q->stream, head, tail, end);
    if (AC_UNLIKELY(reserved != AC_STREAM_OK))
        return reserved == AC_STREAM_LIMIT ? AC_SHM_LIMIT : AC_SHM_NOMEM;

    ac_shm_stream_write(&q->stream, tail, image->front, front);
    if (image->body_bytes > 0)
        ac_shm_stream_write(&q->stream, tail + front, image->body, image->body_bytes);

    /* A kill may fall between any two of these; repair_put relies on their order, which for a
     * successor (that comes through the kernel) only the compiler could change. */
    const uint64_t puts = ac_load_relaxed(&sh->puts);
    sh->log_puts_before = puts;
    ac_fence_compiler();
    sh->log_tail = end;
    ac_fence_compiler();
    ac_store_release(&sh->puts, puts + n); /* before tail: who takes a message finds it counted */
    ac_store_release(&sh->tail, end);      /* commit; pairs with the acquire in take_held */
    *count = n;
    *bytes = (size_t)(end - tail);
    return AC_SHM_OK;
}

static bool has_room(ac_shm_queue *q) {
    ac_shm_queue_shared *const sh = q->shared;
    /* seq_cst: not before the announcement of ac_ec_prepare; pairs with F1 of the taker's notify */
    const uint64_t gets = ac_load_seq_cst(&sh->gets);
    const uint64_t puts = ac_load_seq_cst(&sh->puts);
    return q->maxsize == 0 || puts - gets < q->maxsize || ac_load_relaxed(&sh->closed);
}

static bool has_items(ac_shm_queue *q) {
    ac_shm_queue_shared *const sh = q->shared;
    const uint64_t head = ac_load_seq_cst(&sh->head);
    return ac_load_seq_cst(&sh->tail) != head || ac_load_relaxed(&sh->closed);
}

static bool all_done(ac_shm_queue *q) {
    ac_shm_queue_shared *const sh = q->shared;
    return ac_load_seq_cst(&sh->done) >= ac_load_seq_cst(&sh->puts);
}

static ac_shm_status put_once(ac_shm_queue *q, const ac_shm_image *image, int64_t until_ns,
                              uint64_t *count, size_t *bytes) {
    ac_shm_status status = lock(q, PUT_SIDE, until_ns);
    if (AC_UNLIKELY(status != AC_SHM_OK)) return status;
    status = put_held(q, image, count, bytes);
    unlock(q, PUT_SIDE);
    /* Outside the lock: the woken one may need it at once. */
    if (AC_LIKELY(status == AC_SHM_OK)) ac_ec_notify_one(&q->shared->items, AC_WAIT_SHARED);
    return status;
}

/* ---- take ---- */

/* Reads the header at `at`; false if it cannot be one. */
static bool header_at(const ac_shm_queue *q, uint64_t at, uint64_t tail, ac_shm_record *r) {
    const uint8_t *const p = ac_shm_stream_peek(&q->stream, at);
    if (p == NULL) return false;
    memcpy(r, p, sizeof *r); /* 16 bytes at a multiple of 16 never cross a segment */
    const uint64_t rest = tail - at;
    return r->mark == AC_SHM_MARK && r->kind != 0 && rest >= sizeof *r &&
           r->bytes <= rest - sizeof *r;
}

/* Where `bytes` of records from `head` on go; see ac_shm_batch. OK, BIG or NOMEM. */
static ac_shm_status find_place(ac_shm_batch *batch, size_t bytes, bool one, bool try_only) {
    if (bytes <= batch->small_bytes &&
        !(try_only && bytes > AC_SHM_SMALL_BYTES + sizeof(ac_shm_record))) {
        batch->data = batch->small;
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

static bool copy_out(const ac_shm_queue *q, uint64_t head, size_t bytes, ac_shm_batch *batch) {
    if (AC_LIKELY(batch->data != NULL))
        return ac_shm_stream_read(&q->stream, head, (uint8_t *)(uintptr_t)batch->data, bytes);
    batch->data = batch->small;
    return ac_shm_stream_read(&q->stream, head, batch->small, sizeof(ac_shm_record)) &&
           ac_shm_stream_read(&q->stream, head + sizeof(ac_shm_record), batch->exact,
                              batch->exact_bytes);
}

static ac_shm_status take_held(ac_shm_queue *q, uint64_t most, ac_shm_batch *batch, bool try_only) {
    ac_shm_queue_shared *const sh = q->shared;
    /* Before tail: if it was closed, no put comes any more, and an equal tail is the last one. */
    const uint32_t closed = ac_load_acquire(&sh->closed);
    const uint64_t head = ac_load_relaxed(&sh->head);
    const uint64_t tail = ac_load_acquire(&sh->tail); /* pairs with the commit of put_held */
    if (head == tail) return closed ? AC_SHM_CLOSED : AC_SHM_EMPTY;
    if (AC_UNLIKELY(!positions_sane(q, head, tail))) return AC_SHM_CORRUPT;

    uint64_t end = head, count = 0;
    while (count < most && end != tail) {
        ac_shm_record r;
        if (AC_UNLIKELY(!header_at(q, end, tail, &r))) return AC_SHM_CORRUPT;
        const uint64_t next = end + ac_shm_record_size(r.bytes);
        if (count == 0) batch->wanted = (size_t)r.bytes;
        if (count > 0 && next - head > BATCH_BYTES) break;
        end = next;
        count++;
    }
    const size_t bytes = (size_t)(end - head);
    const ac_shm_status found = find_place(batch, bytes, most == 1, try_only);
    if (AC_UNLIKELY(found != AC_SHM_OK)) return found;
    if (AC_UNLIKELY(!copy_out(q, head, bytes, batch))) return AC_SHM_CORRUPT;

    /* See put_held. log_head first: with it unequal to head, a stale log_gets_after is not used. */
    const uint64_t gets = ac_load_relaxed(&sh->gets);
    sh->log_head = end;
    ac_fence_compiler();
    sh->log_gets_after = gets + count;
    ac_fence_compiler();
    ac_store_release(&sh->head, end); /* commit; pairs with the acquire in put_held: bytes are ours
                                         no more */
    ac_store_release(&sh->gets, gets + count); /* pairs with room() */
    batch->bytes = bytes;
    batch->count = count;
    batch->untidy = ac_shm_stream_behind(&q->stream, end) > q->stream.spares / 4;
    return AC_SHM_OK;
}

static ac_shm_status take_once(ac_shm_queue *q, uint64_t most, ac_shm_batch *batch,
                               int64_t until_ns) {
    ac_shm_status status = lock(q, TAKE_SIDE, until_ns);
    if (AC_UNLIKELY(status != AC_SHM_OK)) return status;
    status = take_held(q, most, batch, until_ns == AC_SHM_TRY);
    unlock(q, TAKE_SIDE);
    if (status == AC_SHM_OK && q->maxsize != 0) ac_ec_notify_one(&q->shared->space, AC_WAIT_SHARED);
    if (AC_UNLIKELY(status == AC_SHM_CORRUPT)) {
        free(batch->large);
        batch->large = NULL;
    }
    return status;
}

/* ---- waiting ---- */

static int64_t slice_end(int64_t deadline_ns) {
    const int64_t end = ac_now_ns() + AC_SHM_SLICE_NS;
    return deadline_ns < end ? deadline_ns : end;
}

/* Spins while the condition is false, as long as it has paid lately; not at all when it has not. */
static void spin(ac_shm_queue *q, spin_kind kind, bool (*ready)(ac_shm_queue *), int64_t until_ns) {
    const uint32_t budget_ns = ac_load_relaxed(&q->spin_ns[kind]);
    if (budget_ns <= SPIN_LEAST_NS) return;
    const int64_t budget_end = ac_now_ns() + budget_ns;
    const int64_t end = until_ns < budget_end ? until_ns : budget_end;
    ac_backoff backoff = {0};
    while (!ready(q) && ac_now_ns() < end) ac_backoff_snooze(&backoff);
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

ac_shm_status ac_shm_queue_put(ac_shm_queue *q, const ac_shm_image *image, int64_t deadline_ns,
                               uint64_t *count, size_t *bytes) {
    if (deadline_ns == AC_SHM_TRY) {
        if (image->front_bytes + image->body_bytes > AC_SHM_SMALL_BYTES) return AC_SHM_BIG;
        return put_once(q, image, AC_SHM_TRY, count, bytes);
    }
    if (deadline_ns == AC_SHM_NOWAIT)
        return put_once(q, image, slice_end(AC_FOREVER), count, bytes);
    const int64_t until = slice_end(deadline_ns);
    ac_shm_status status = put_once(q, image, until, count, bytes);
    if (status != AC_SHM_FULL) return status;

    const int64_t start = ac_now_ns();
    spin(q, SPIN_ROOM, has_room, until);
    for (;;) {
        const uint32_t key = ac_ec_prepare(&q->shared->space);
        if (has_room(q)) {
            status = put_once(q, image, until, count, bytes);
            if (status == AC_SHM_OK) {
                learn(q, SPIN_ROOM, ac_now_ns() - start);
                if (has_room(q)) ac_ec_notify_one(&q->shared->space, AC_WAIT_SHARED);
            }
            if (status != AC_SHM_FULL) return status;
            continue; /* another was faster */
        }
        const ac_shm_status slept = sleep_until(&q->shared->space, key, until);
        if (slept == AC_SHM_OK) continue;
        learn(q, SPIN_ROOM, ac_now_ns() - start);
        mend(q);
        return slept == AC_SHM_EMPTY ? AC_SHM_FULL : slept;
    }
}

ac_shm_status ac_shm_queue_take(ac_shm_queue *q, uint64_t most, ac_shm_batch *batch,
                                int64_t deadline_ns) {
    if (deadline_ns == AC_SHM_TRY) return take_once(q, most, batch, AC_SHM_TRY);
    if (deadline_ns == AC_SHM_NOWAIT) return take_once(q, most, batch, slice_end(AC_FOREVER));
    const int64_t until = slice_end(deadline_ns);
    const int64_t start = ac_now_ns();
    spin(q, SPIN_ITEMS, has_items, until);
    for (;;) {
        const uint32_t key = ac_ec_prepare(&q->shared->items);
        if (has_items(q)) {
            const ac_shm_status status = take_once(q, most, batch, until);
            if (status == AC_SHM_EMPTY) continue; /* another was faster */
            learn(q, SPIN_ITEMS, ac_now_ns() - start);
            if (has_items(q)) ac_ec_notify_one(&q->shared->items, AC_WAIT_SHARED);
            return status;
        }
        const ac_shm_status slept = sleep_until(&q->shared->items, key, until);
        if (slept == AC_SHM_OK) continue;
        learn(q, SPIN_ITEMS, ac_now_ns() - start);
        mend(q);
        return slept;
    }
}

void ac_shm_queue_pass_on(ac_shm_queue *q) {
    if (has_items(q)) ac_ec_notify_one(&q->shared->items, AC_WAIT_SHARED);
    if (has_room(q)) ac_ec_notify_one(&q->shared->space, AC_WAIT_SHARED);
}

/* ---- the end, and joining ---- */

static void wake_everyone(ac_shm_queue *q) {
    ac_ec_notify_all(&q->shared->items, AC_WAIT_SHARED);
    ac_ec_notify_all(&q->shared->space, AC_WAIT_SHARED);
    ac_ec_notify_all(&q->shared->finished, AC_WAIT_SHARED);
}

/* Under take_lock, when no put can come any more. */
static void discard_held(ac_shm_queue *q) {
    ac_shm_queue_shared *const sh = q->shared;
    const uint64_t puts = ac_load_acquire(&sh->puts);
    const uint64_t dropped = puts - ac_load_relaxed(&sh->gets);
    /* Before the commit: killed between the two, joiners are let go early rather than never. */
    uint64_t done = ac_load_relaxed(&sh->done), wanted;
    do {
        wanted = done + dropped < puts ? done + dropped : puts;
    } while (!ac_cas_acq_rel(&sh->done, &done, wanted));
    const uint64_t tail = ac_load_acquire(&sh->tail);
    sh->log_head = tail;
    ac_fence_compiler();
    sh->log_gets_after = puts;
    ac_fence_compiler();
    ac_store_release(&sh->head, tail);
    ac_store_release(&sh->gets, puts);
}

ac_shm_status ac_shm_queue_shutdown(ac_shm_queue *q, bool discard) {
    const int64_t until = slice_end(AC_FOREVER);
    /* The lock: a put that saw the queue open is in before it closes. It also mends `puts`. */
    ac_shm_status status = lock(q, PUT_SIDE, until);
    if (status != AC_SHM_OK) return status;
    ac_store_release(&q->shared->closed, 1); /* pairs with the acquire in take_held */
    unlock(q, PUT_SIDE);
    if (discard) {
        status = lock(q, TAKE_SIDE, until);
        if (status == AC_SHM_OK) {
            discard_held(q);
            unlock(q, TAKE_SIDE);
            ac_shm_queue_tidy(q);
        }
    }
    wake_everyone(q);
    return status;
}

bool ac_shm_queue_done(ac_shm_queue *q) {
    ac_shm_queue_shared *const sh = q->shared;
    uint64_t done = ac_load_acquire(&sh->done);
    do {
        if (done >= ac_load_acquire(&sh->puts)) return false;
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
        mend(q);
        return slept;
    }
}

void ac_shm_queue_tidy(ac_shm_queue *q) {
    bool more = true;
    while (more) {
        if (lock(q, PUT_SIDE, AC_SHM_TRY) != AC_SHM_OK) return; /* its holder tidies as it needs */
        const uint64_t head = ac_load_acquire(&q->shared->head);
        more = positions_sane(q, head, ac_load_relaxed(&q->shared->tail)) &&
               ac_shm_stream_tidy(&q->stream, head);
        unlock(q, PUT_SIDE);
    }
}
