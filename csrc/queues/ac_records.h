/* ac_records.h - a bounded queue of records of one size, copied in and out; its calls wait.
 *
 * Cells for `limit` records, and two queues of pointers to them (ac_pointers.h): the free ones and the
 * filled ones. A put takes a free cell, copies, and puts it among the filled; so a full queue is one
 * without a free cell, and the second put never waits. The copy runs outside of both, so that large
 * records are copied side by side. Order: that in which the copies were finished.
 */
#ifndef AC_RECORDS_H
#define AC_RECORDS_H

#include "queues/ac_pointers.h"

#include <string.h>

typedef struct ac_records {
    ac_pointers free_cells;
    ac_pointers filled;
    char *cells;
    size_t size; /* bytes of a record; written by init */
} ac_records;

/* At most `limit` records of `size` bytes, both 1 or more. AC_OK, or AC_NOMEM. */
AC_UNUSED static ac_status ac_records_init(ac_records *q, size_t size, uint64_t limit) {
    if (limit > SIZE_MAX / size) return AC_NOMEM;
    q->size = size;
    q->cells = (char *)malloc(size * (size_t)limit);
    if (q->cells == NULL) return AC_NOMEM;
    if (ac_pointers_init(&q->free_cells, limit) == AC_OK) {
        if (ac_pointers_init(&q->filled, limit) == AC_OK) {
            for (uint64_t i = 0; i < limit; i++)
                ac_pointers_try_put(&q->free_cells, q->cells + (size_t)i * size);
            return AC_OK;
        }
        ac_pointers_destroy(&q->free_cells);
    }
    free(q->cells);
    return AC_NOMEM;
}

/* No thread may be inside. */
AC_UNUSED static void ac_records_destroy(ac_records *q) {
    ac_pointers_destroy(&q->free_cells);
    ac_pointers_destroy(&q->filled);
    free(q->cells);
}

/* Copies `record` in. AC_OK, AC_FULL (no room before the deadline) or AC_CLOSED. A deadline of 0 does
 * not wait. */
AC_UNUSED static ac_status ac_records_put(ac_records *q, const void *record, int64_t deadline_ns) {
    void *cell = NULL;
    ac_status st = ac_pointers_get(&q->free_cells, &cell, deadline_ns);
    if (st != AC_OK) return st == AC_EMPTY ? AC_FULL : st;
    memcpy(cell, record, q->size);
    st = ac_pointers_try_put(&q->filled, cell); /* there is a place for each cell */
    if (st != AC_OK) ac_pointers_try_put(&q->free_cells, cell); /* closed meanwhile */
    return st;
}

/* Copies the oldest record out. AC_OK, AC_EMPTY (none before the deadline), or AC_CLOSED: closed, and
 * every record has been taken. */
AC_UNUSED static ac_status ac_records_get(ac_records *q, void *record, int64_t deadline_ns) {
    void *cell = NULL;
    const ac_status st = ac_pointers_get(&q->filled, &cell, deadline_ns);
    if (st != AC_OK) return st;
    memcpy(record, cell, q->size);
    ac_pointers_try_put(&q->free_cells, cell); /* refused when closed, and then nobody needs it */
    return AC_OK;
}

/* No put succeeds after it; what is inside can still be taken. Idempotent. */
AC_UNUSED static void ac_records_close(ac_records *q) {
    ac_pointers_close(&q->filled); /* first: a put that still finds a free cell is refused by it */
    ac_pointers_close(&q->free_cells);
}

AC_INLINE uint64_t ac_records_size(ac_records *q) { return ac_pointers_size(&q->filled); }

#endif
