/* ac_shm_queue.h - a queue of byte messages between processes, that survives the killing of any.
 *
 *   ac_shm_queue q;
 *   ac_shm_queue_create(&q, &(ac_shm_queue_options){.limit_bytes = 1 << 30});
 *   ... fork(), or ac_shm_queue_attach(&q, fd) elsewhere ...
 *   ac_shm_image im = ac_shm_image_of(&head, kind, data, n);      one message
 *   ac_shm_queue_put(&q, &im, AC_SHM_TRY);
 *   ac_shm_batch got = {.small = buffer, .small_bytes = sizeof buffer};
 *   ac_shm_queue_take(&q, 1, &got, AC_SHM_TRY);
 *   ... got.count records from got.data on ...
 *
 * Lanes (ALGORITHMS: byte lanes): every producer process has a stream of records of its own, and
 * consumers take from all of them, the earliest message first. A message is visible when the one
 * release store of the lane's `tail` has published it, however long it is, so that a killed producer
 * leaves nothing half-visible; it is taken by one CAS on the lane's `next`, before the copy, and the
 * claimant's intent keeps it in its place until it is copied, so that a killed consumer loses at most
 * the batch that it held. README.md beside this file has the protocol and the table of kills.
 *
 * Order: a message whose put returned before the put of another began comes out first. With one lane
 * (`lanes` = 1, or a maxsize, which is exact because of it) there is one global order.
 *
 * Any thread of any process may call any function; a forked child goes on with its copy of the
 * handle. Progress: takers are lock-free, and behind nobody but a message's own length. Putters of
 * one lane go one after the other, behind a live one (also a stopped one), never behind a dead one;
 * producers in other lanes are not concerned.
 *
 * Three forms, told apart by the deadline that is passed:
 *   AC_SHM_TRY       tries once and copies little: may be called attached to an interpreter.
 *                    Says BUSY or BIG where the same call must be made detached.
 *   AC_SHM_NOWAIT    detached: waits for a lane's lock alone, up to AC_SHM_SLICE_NS, and copies
 *                    anything
 *   a deadline       detached: waits for a message or for room too, up to the deadline but no
 *                    longer than AC_SLICE_LAST_NS
 * The caller cuts its wait in slices (wait/ac_slices.h) and passes the end of each; after it, it
 * looks at signals and at its deadline, and calls again. So a wake that was lost with its killed
 * sender only delays.
 */
#ifndef AC_SHM_QUEUE_H
#define AC_SHM_QUEUE_H

#include "shm/ac_robust_lock.h"
#include "shm/ac_shm_bell.h"
#include "shm/ac_shm_claims.h"
#include "shm/ac_shm_stream.h"
#include "sync/ac_event_count.h"
#include "wait/ac_slices.h"

#define AC_SHM_TRY INT64_C(-1)
#define AC_SHM_NOWAIT INT64_C(0)
#define AC_SHM_SLICE_NS AC_SLICE_FIRST_NS

/* A try copies at most this much; rule 2 of DESIGN.md. */
#define AC_SHM_SMALL_BYTES 16384

typedef enum ac_shm_status {
    AC_SHM_OK = 0,          /* done, wholly or in part (see `count`) */
    AC_SHM_EMPTY = 1,       /* nothing to take, until the end of the slice */
    AC_SHM_FULL = 2,        /* maxsize messages are in, until the end of the slice */
    AC_SHM_CLOSED = 3,      /* put: shut down; take: shut down and empty */
    AC_SHM_BUSY = 4,        /* a lock was another's until the end of the slice; or, take: as many
                               threads as there may be are inside; or, put: see held_up_ns */
    AC_SHM_BIG = 5,         /* AC_SHM_TRY: too much to copy; take of one: see ac_shm_batch */
    AC_SHM_LIMIT = 6,       /* the memory limit of the queue is reached; nothing was put */
    AC_SHM_NOMEM = 7,       /* the system has no memory left; nothing was put or taken */
    AC_SHM_CORRUPT = 8,     /* a peer has written over the segment */
    AC_SHM_INTERRUPTED = 9, /* a signal handler ran in this thread */
} ac_shm_status;

/* ---- records: what the stream is made of ---- */

#define AC_SHM_MARK 0xac5eu
#define AC_SHM_ALIGN AC_SHM_POSITION_UNIT /* so that no header crosses the end of a segment */

typedef struct ac_shm_record {
    uint64_t bytes;  /* of the payload that follows; the next record is at the next multiple of 32 */
    uint16_t kind;   /* the caller's; not 0 */
    uint16_t mark;   /* AC_SHM_MARK */
    uint32_t number; /* the queue's: messages of the lane before this one, modulo 2^32 */
    int64_t stamp;   /* the queue's: when it was put, on the monotonic clock; 0 with one lane */
} ac_shm_record;

_Static_assert(sizeof(ac_shm_record) == 24, "eight bytes of payload fit beside the header");

AC_INLINE size_t ac_shm_record_size(uint64_t payload) {
    return (size_t)((sizeof(ac_shm_record) + payload + (AC_SHM_ALIGN - 1)) &
                    ~(uint64_t)(AC_SHM_ALIGN - 1));
}

typedef struct ac_shm_part {
    const void *data;
    size_t bytes;
} ac_shm_part;

/* Records as they will lie in the stream: `front`, then `body`, then the parts, padded to 32. */
typedef struct ac_shm_image {
    void *front; /* the queue writes its two fields into the headers */
    size_t front_bytes;
    const void *body; /* may be NULL */
    size_t body_bytes;
    uint64_t count; /* records. If there is more than the front there is exactly one */
    const ac_shm_part *parts;
    size_t part_count;
    size_t parts_bytes; /* of all parts */
    int64_t held_up_ns; /* the queue's, 0 at first: since when the memory limit is reached while a lane,
                           of which memory may come back, is another's */
} ac_shm_image;

/* A message that is not copied: its payload stays in the lane, held by the claim's intent, until
 * ac_shm_lease_release (ac_shm_lease.h). A killed holder's is taken back by the reaper. */
typedef struct ac_shm_lease {
    uint64_t bytes; /* of the payload; 0: nothing is held, the message was copied */
    uint64_t at;    /* where in the lane it begins */
    uint64_t self;  /* the process that holds it: a forked child's copy of this holds nothing */
    uint32_t lane;
    int entry;
    void *map; /* its own mapping, if it is not contiguous in the queue's; NULL: none */
    size_t map_bytes;
} ac_shm_lease;

#define AC_SHM_LEASES 16u /* of one process at a time; more are copied. Half of its entries */

/* What a take gives. What fits in `small` goes there. More than that:
 *   a batch (most > 1)    goes into malloced memory, `large`, which the caller frees
 *   one message           is BIG, and `wanted` says how long its payload is, `wanted_kind` what kind
 *                         it has: the caller makes
 *                         `exact` that long and calls again. Another taker may have been faster:
 *                         BIG again, with another length. `small` gets the header, `exact` the
 *                         payload.
 * `data` points at `count` records, each at a multiple of 32 from `data`. */
typedef struct ac_shm_batch {
    void *small; /* at least a header */
    size_t small_bytes;
    void *exact; /* may be NULL */
    size_t exact_bytes;
    size_t wanted;
    uint16_t wanted_kind;
    void *large;
    const uint8_t *data;
    size_t bytes;
    uint64_t count;
    bool untidy; /* drained segments wait: call ac_shm_queue_tidy, detached */
    ac_shm_lease *lease; /* take of one: what does not fit in `small` is leased; NULL: copied. The
                            queue sets it to NULL when this process holds too many */
} ac_shm_batch;

/* ---- the queue ---- */

typedef struct ac_shm_queue_shared ac_shm_queue_shared; /* ac_shm_queue.c */

#define AC_SHM_LANES 16u /* at most; producers beyond them share */

typedef struct ac_shm_queue {
    ac_shm_region region; /* base == NULL: not open; every other function needs an open one */
    ac_shm_queue_shared *shared;
    ac_shm_pool pool;
    ac_shm_stream streams[AC_SHM_LANES];
    ac_shm_claims claims;
    uint32_t lanes;
    int bell;                 /* the caller's, see ac_shm_bell.h; -1: this process cannot ring */
    uint64_t maxsize;         /* 0: no limit */
    uint32_t flags;           /* as it was made with */
    ac_atomic_u32 spin_ns[2]; /* this process's guess how long spinning pays: items, room */
    ac_atomic_u32 crowded;    /* for so many waits more the processor is not given away in a spin */
} ac_shm_queue;

typedef struct ac_shm_queue_options {
    uint64_t maxsize;     /* messages; 0: no limit but memory */
    uint64_t limit_bytes; /* of messages that wait, rounded up to segments; address space is taken
                             for it, memory not before it is needed */
    uint32_t shift;       /* a segment has 1 << shift bytes, from one page up; 0: the default */
    uint32_t spares;      /* so many drained segments keep their memory; 0: the default */
    uint32_t lanes;       /* 1: one global order; 0: the default, 1 with a maxsize */
    uint32_t flags;       /* the caller's: kept for whoever attaches */
    int file;             /* an empty file of a memory file system to lie in, plus one: taken over when
                             it succeeds. 0: memory without a name */
} ac_shm_queue_options;

/* Both return 0 or an errno. attach takes the descriptor over when it succeeds; EINVAL where it is
 * not a queue's, EPROTO where it is one of another version or C library. */
int ac_shm_queue_create(ac_shm_queue *q, const ac_shm_queue_options *options);
int ac_shm_queue_attach(ac_shm_queue *q, int fd);
void ac_shm_queue_close(ac_shm_queue *q); /* nobody may be inside */

/* Puts `*count` = image->count records, or with a maxsize the first of them; on OK `*count` is the
 * number put and `*bytes` their size, so that the caller can go on from there. */
ac_shm_status ac_shm_queue_put(ac_shm_queue *q, ac_shm_image *image, int64_t deadline_ns,
                               uint64_t *count, size_t *bytes);

/* Takes 1 to `most` records; fewer than there are if they are large (about a megabyte). */
ac_shm_status ac_shm_queue_take(ac_shm_queue *q, uint64_t most, ac_shm_batch *batch,
                                int64_t deadline_ns);

/* Waits for something to take, or the end, and takes nothing: OK or EMPTY. */
ac_shm_status ac_shm_queue_look(ac_shm_queue *q, int64_t deadline_ns);

/* Makes an open ear readable while there is something to take, or the end, and asks for the next ring
 * if there is not. To be called before each wait, and after what may have emptied the queue. Says
 * whether there is something. Needs `bell`. */
bool ac_shm_queue_listen(ac_shm_queue *q, ac_shm_ear *ear);

/* For one who leaves a wait with an exception: passes on the wake that it may have consumed. */
void ac_shm_queue_pass_on(ac_shm_queue *q);

/* Finishes what killed parties have left half done, and rings for what one of them had put without
 * ringing. Every waiter does it between its slices; who waits in poll alone has it done by another
 * thread of its process. A system call for each intent of another process. */
void ac_shm_queue_mend(ac_shm_queue *q);

/* No more puts; takers get what is in, then CLOSED. With `discard`, what is in is dropped and
 * counts as done. Wakes everyone. A slice like the others: OK, or BUSY: call again. */
ac_shm_status ac_shm_queue_shutdown(ac_shm_queue *q, bool discard);
bool ac_shm_queue_is_shut_down(const ac_shm_queue *q);

/* For joinable queues. done: false if more are done than were put. join: OK when as many are done
 * as were put; EMPTY after a slice. */
bool ac_shm_queue_done(ac_shm_queue *q);
ac_shm_status ac_shm_queue_join(ac_shm_queue *q, int64_t deadline_ns);

/* Takes drained segments back and hands memory beyond the spares to the system. */
void ac_shm_queue_tidy(ac_shm_queue *q);

typedef struct ac_shm_queue_stats {
    uint64_t puts, gets, done; /* messages since the creation */
    uint64_t bytes;            /* that went through, with headers */
    uint64_t waiting_bytes;    /* that wait */
    uint64_t memory_bytes;     /* that are backed by memory at the moment */
    uint64_t limit_bytes;      /* that can wait */
    uint64_t deaths;           /* of processes in the middle of a put or take, as far as noticed */
    uint64_t lost;             /* messages that the dead may have held; at most these */
    uint64_t lanes;            /* that were used */
} ac_shm_queue_stats;

void ac_shm_queue_stat(ac_shm_queue *q, ac_shm_queue_stats *out);
uint64_t ac_shm_queue_depth(const ac_shm_queue *q); /* messages; right when nobody is inside */
bool ac_shm_queue_is_empty(const ac_shm_queue *q);

#endif
