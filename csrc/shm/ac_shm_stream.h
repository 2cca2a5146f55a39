/* ac_shm_stream.h - an endless stream of bytes in recycled segments of a shared region.
 *
 * Positions only grow. Position p lies in logical segment p >> shift; the table `segment_of` says
 * which physical segment that is at the moment. The writer maps segments ahead of what it writes;
 * the reader only moves its position, and the writer side takes back what lies wholly behind it.
 * The lowest free segment is taken first, so that a queue that is kept drained lives in two
 * segments that stay in the cache; what is free beyond a few spares goes back to the system. A
 * write may be as long as the whole region, and need not be contiguous in memory.
 *
 *      head (reader)                          tail (writer)
 *        v                                      v
 *   ...|....xxxxxxxx|xxxxxxxxxxxxxxxx|xxxxxxxxxx......|     logical segments
 *        |            |                |
 *        `-> 3        `-> 0            `-> 1                segment_of: physical segments
 *
 * The positions themselves belong to the caller, who also serialises: one writer at a time (every
 * function except read and peek), one reader at a time. Whoever takes over from a killed writer
 * calls ac_shm_stream_rebuild: everything here but `segment_of` follows from it and the positions.
 *
 * Who writes: all of it the writer. Who reads: the reader reads `segment_of` of segments in
 * [head, tail), which the writer wrote before its release of tail, and writes again only after it
 * has acquired a head that lies beyond.
 */
#ifndef AC_SHM_STREAM_H
#define AC_SHM_STREAM_H

#include <stdbool.h>

#include "base/ac_atomic.h"
#include "shm/ac_shm_region.h"

/* The part that lies in shared memory. */
typedef struct ac_shm_stream_shared {
    uint64_t mapped;           /* logical segments below have a physical one */
    ac_atomic_u64 reclaimed;   /* logical segments below were taken back; readers look, relaxed */
    ac_atomic_u64 backed;      /* how many physical segments hold memory; for stats */
    uint32_t high;             /* no physical segment from here up holds memory or is in use */
} ac_shm_stream_shared;

/* The part of each process: constant after it is opened, so that a peer that scribbles over the
 * shared memory cannot make us step outside the mapping. */
typedef struct ac_shm_stream {
    ac_shm_region region; /* a copy; its owner closes it */
    ac_shm_stream_shared *shared;
    uint32_t *segment_of;   /* [table_mask + 1], indexed by logical segment & table_mask */
    uint64_t *bits;         /* pairs of words: used (the segment is mapped, or may be), backed (it
                               has memory; cleared before the memory is dropped) */
    uint8_t *data;          /* physical segment 0 */
    uint32_t shift;         /* a segment has 1 << shift bytes */
    uint32_t count;         /* physical segments */
    uint32_t table_mask;
    uint32_t spares;        /* so many free segments keep their memory */
} ac_shm_stream;

typedef enum ac_stream_status {
    AC_STREAM_OK = 0,
    AC_STREAM_LIMIT = 1, /* all segments are in use */
    AC_STREAM_NOMEM = 2, /* the system has no memory to back another one */
} ac_stream_status;

/* Bytes of tables that a stream of `count` segments needs beside the shared part. */
size_t ac_shm_stream_table_bytes(uint32_t count);

/* Fills in a process's part. `tables` is 8-aligned and zero in a new stream. */
void ac_shm_stream_open(ac_shm_stream *s, const ac_shm_region *region, ac_shm_stream_shared *shared,
                        void *tables, uint8_t *data, uint32_t shift, uint32_t count,
                        uint32_t spares);

/* Makes [tail, end) writable, or changes nothing that a reader sees. `head` as acquired. */
ac_stream_status ac_shm_stream_reserve(ac_shm_stream *s, uint64_t head, uint64_t tail,
                                       uint64_t end);

/* Copies into a reserved range. */
void ac_shm_stream_write(const ac_shm_stream *s, uint64_t at, const void *from, size_t bytes);

/* Copies out of a published range; false if the table was scribbled over. */
bool ac_shm_stream_read(const ac_shm_stream *s, uint64_t at, void *to, size_t bytes);

/* Where byte `at` of a published range lies; NULL if the table was scribbled over. What does not
 * cross a multiple of the segment size behind it is contiguous. */
const uint8_t *ac_shm_stream_peek(const ac_shm_stream *s, uint64_t at);

/* Takes back what lies behind `head`, and hands memory beyond the spares back: a part of it, if it
 * is much. Returns whether to call again, best after others had the lock. */
bool ac_shm_stream_tidy(ac_shm_stream *s, uint64_t head);

/* How many segments wait to be taken back. Any thread, any time; a hint. */
AC_INLINE uint64_t ac_shm_stream_behind(const ac_shm_stream *s, uint64_t head) {
    return (head >> s->shift) - ac_load_relaxed(&s->shared->reclaimed);
}

/* After the death of a writer: computes everything anew from the two positions. Idempotent. */
void ac_shm_stream_rebuild(ac_shm_stream *s, uint64_t head, uint64_t tail);

#endif
