/* ac_shm_stream.h - endless streams of bytes in a pool of recycled segments of shared memory.
 *
 * Each stream is a 64-bit line of positions that only grow; the caller keeps the two that matter,
 * `head` and `tail`. The line is cut into segments. A logical segment that holds live bytes is
 * backed by a physical one of the pool, which all streams of a queue share; drained ones go back
 * to the pool, and beyond `spares` free ones (or as many as one large message needed lately) their
 * memory goes back to the system. Nothing is preallocated but address space: an idle stream costs no
 * memory, a queue grows to its limit.
 *
 *   logical segment s -> segment_of[s & table_mask] -> physical segment
 *
 * Who serialises, the caller does it:
 *   one writer of a stream at a time     reserve, write, tidy, forget, repair, and the caller's fields
 *   anyone                               read, peek, behind, backed
 * The pool has no lock: each physical segment has a word that says whose it is, and a segment is taken
 * by one CAS on it. So a writer that is stopped holds up no other stream. What a killed one has taken
 * and not yet put into its table, or taken out of it and not yet given back, is found by the next writer
 * of that stream (ac_shm_stream_repair): a segment gets its owner before it gets into the table, and
 * leaves the table before it loses its owner. Progress: lock-free but for the system calls.
 *
 * A reader reads `segment_of` of segments in [head, tail), which the writer wrote before its release
 * of tail, and writes again only after nobody reads them. A reader of a stale position reads some
 * segment of the pool: never outside the mapping.
 */
#ifndef AC_SHM_STREAM_H
#define AC_SHM_STREAM_H

#include <stdbool.h>

#include "base/ac_atomic.h"
#include "shm/ac_shm_region.h"

/* ---- the parts that lie in shared memory ---- */

typedef struct ac_shm_pool_shared {
    ac_atomic_u64 low;  /* { changes : 32, segment : 32 }: no segment below it is free; see claim */
    ac_atomic_u32 high; /* no physical segment from here up was ever used; only grows */
    ac_atomic_u32 idle; /* free segments that hold memory; a hint, kills make it wrong */
    ac_atomic_u32 keep; /* segments that one large message needed lately; a hint */
} ac_shm_pool_shared;

/* The word of a physical segment. Its owner writes it, and of a free one whoever takes it. */
#define AC_SHM_SEGMENT_OWNER 0xffffu       /* `who` of a stream; 0: free */
#define AC_SHM_SEGMENT_LENT (1u << 29)     /* free again as soon as its owner has dropped its memory */
#define AC_SHM_SEGMENT_MARK (1u << 30)     /* during a repair: it is in the table */
#define AC_SHM_SEGMENT_BACKED (1u << 31)   /* holds memory; cleared before that is dropped */

typedef struct ac_shm_stream_shared {
    ac_atomic_u64 mapped;    /* logical segments below have a physical one */
    ac_atomic_u64 reclaimed; /* logical segments below were taken back; readers look, relaxed */
} ac_shm_stream_shared;

/* ---- the parts of each process: constant after they are opened, so that a peer that scribbles
 * over the shared memory cannot make us step outside the mapping ---- */

typedef struct ac_shm_pool {
    ac_shm_region region; /* a copy; its owner closes it */
    ac_shm_pool_shared *shared;
    ac_atomic_u32 *words; /* [count], one for each physical segment */
    uint8_t *data;       /* physical segment 0 */
    uint32_t shift;      /* a segment has 1 << shift bytes */
    uint32_t count;      /* physical segments */
    uint32_t table_mask; /* of every stream's table */
    uint32_t spares;     /* so many free segments keep their memory */
} ac_shm_pool;

typedef struct ac_shm_stream {
    ac_shm_stream_shared *shared;
    ac_atomic_u32 *segment_of; /* [table_mask + 1], indexed by logical segment & table_mask */
    uint32_t who;              /* its number among the pool's streams, from 1 */
} ac_shm_stream;

typedef enum ac_stream_status {
    AC_STREAM_OK = 0,
    AC_STREAM_LIMIT = 1, /* all segments are in use */
    AC_STREAM_NOMEM = 2, /* the system has no memory to back another one */
    AC_STREAM_LENT = 3,  /* all are in use but for one that somebody gives back any moment, or was killed with */
} ac_stream_status;

/* Bytes of the pool's words, and of one stream's table, for `count` segments; multiples of 16. */
size_t ac_shm_pool_words_bytes(uint32_t count);
size_t ac_shm_stream_table_bytes(uint32_t count);

/* Fills in a process's part. `words` begin at a page, and are zero in a new pool; so is a stream's
 * table. */
void ac_shm_pool_open(ac_shm_pool *p, const ac_shm_region *region, ac_shm_pool_shared *shared,
                      void *words, uint8_t *data, uint32_t shift, uint32_t count, uint32_t spares);

/* Whether [.., end) is writable already. By the writer. */
AC_INLINE bool ac_shm_stream_has(const ac_shm_pool *p, const ac_shm_stream *s, uint64_t end) {
    return end <= ac_load_relaxed(&s->shared->mapped) << p->shift;
}

/* Makes [tail, end) writable, or changes nothing that a reader sees; what lies before `head` is
 * nobody's any more. */
ac_stream_status ac_shm_stream_reserve(const ac_shm_pool *p, const ac_shm_stream *s, uint64_t head,
                                       uint64_t tail, uint64_t end);

/* Gives back what is mapped beyond `tail`. */
void ac_shm_stream_forget(const ac_shm_pool *p, const ac_shm_stream *s, uint64_t tail);

/* Copies into a reserved range. */
void ac_shm_stream_write(const ac_shm_pool *p, const ac_shm_stream *s, uint64_t at,
                         const void *from, size_t bytes);

/* Copies out of a published range; false if the table was scribbled over. */
bool ac_shm_stream_read(const ac_shm_pool *p, const ac_shm_stream *s, uint64_t at, void *to,
                        size_t bytes);

/* Where byte `at` of a published range lies; NULL if the table was scribbled over. What does not
 * cross a multiple of the segment size behind it is contiguous. */
const uint8_t *ac_shm_stream_peek(const ac_shm_pool *p, const ac_shm_stream *s, uint64_t at);

/* Takes back what lies behind `head`, and hands memory beyond the spares back: a part of it, if it
 * is much. Returns whether to call again, best after others had the stream. */
bool ac_shm_stream_tidy(const ac_shm_pool *p, const ac_shm_stream *s, uint64_t head);

/* How many segments wait to be taken back. Any thread, any time; a hint. */
AC_INLINE uint64_t ac_shm_stream_behind(const ac_shm_pool *p, const ac_shm_stream *s,
                                        uint64_t head) {
    return (head >> p->shift) - ac_load_relaxed(&s->shared->reclaimed);
}

/* After the death of a writer that had published up to `tail`: gives back what it had reserved beyond,
 * and each segment that it held outside of its table. Idempotent. */
void ac_shm_stream_repair(const ac_shm_pool *p, const ac_shm_stream *s, uint64_t tail);

/* How many physical segments hold memory: for stats. Any thread, any time. */
uint64_t ac_shm_pool_backed(const ac_shm_pool *p);

#endif
