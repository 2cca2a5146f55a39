/* ac_tables.h - counters of occurrences, one table for each worker, added up at the end.
 *
 * A small table is held four times over, and neighbours in the buffer count in different ones: a
 * number that repeats would wait for its own last increment. Index `bins` is for what does not
 * count.
 */
#ifndef AC_TABLES_H
#define AC_TABLES_H

#include <stdbool.h>
#include <string.h>

#include "kernels/ac_scratch.h"
#include "sched/ac_exec.h"

#define AC_TABLES_COPIES 4
#define AC_TABLES_SMALL 2047 /* bins: four tables of them take 64 KiB of the second level */

typedef struct ac_tables {
    int64_t bins;
    int64_t copies;     /* 1 or AC_TABLES_COPIES */
    int32_t workers;    /* tables there may be */
    ac_scratch *rooms;  /* one for each worker, made by it; data NULL until then */
} ac_tables;

AC_INLINE size_t ac_tables_bytes(const ac_tables *t) {
    return ac_scratch_product(ac_scratch_product((size_t)t->bins + 1, (size_t)t->copies),
                              sizeof(uint64_t));
}

/* Returns false if there is no memory. */
AC_UNUSED static bool ac_tables_begin(ac_tables *t, int64_t bins, int32_t workers) {
    t->bins = bins;
    t->copies = bins <= AC_TABLES_SMALL ? AC_TABLES_COPIES : 1;
    t->workers = workers;
    t->rooms = ac_scratch_alloc_zeroed((size_t)workers * sizeof *t->rooms);
    return t->rooms != NULL;
}

/* This worker's table, zero at first: `copies` tables of bins + 1 one after the other. NULL if there is
 * no memory. */
AC_UNUSED static uint64_t *ac_tables_mine(const ac_tables *t, int32_t worker) {
    ac_scratch *const room = t->rooms + worker;
    if (room->data == NULL) {
        const size_t bytes = ac_tables_bytes(t);
        if (bytes == SIZE_MAX) return NULL;
        room->data = ac_scratch_alloc_zeroed(bytes);
        room->bytes = bytes;
    }
    return room->data;
}

/* Counts indices from 0 to bins in this worker's table. */
AC_INLINE void ac_tables_count(const ac_tables *t, uint64_t *mine,
                               const uint32_t *AC_RESTRICT at, int64_t n) {
    const int64_t apart = t->copies == 1 ? 0 : t->bins + 1;
    uint64_t *const second = mine + apart, *const third = second + apart;
    uint64_t *const fourth = third + apart;
    int64_t i = 0;
    for (; i + 4 <= n; i += 4) {
        const uint32_t a = at[i], b = at[i + 1], c = at[i + 2], d = at[i + 3];
        mine[a]++;
        second[b]++;
        third[c]++;
        fourth[d]++;
    }
    for (; i < n; i++) mine[at[i]]++;
}

/* Writes the counts into out[0..bins) as int64, and gives the memory back; out may be NULL. */
AC_UNUSED static void ac_tables_end(ac_tables *t, int64_t *out) {
    bool begun = false;
    for (int32_t w = 0; w < t->workers; w++) {
        const uint64_t *const table = t->rooms[w].data;
        for (int64_t c = 0; table != NULL && out != NULL && c < t->copies; c++) {
            const uint64_t *const from = table + c * (t->bins + 1);
            if (!begun) {
                memcpy(out, from, (size_t)t->bins * sizeof *out);
            } else {
                for (int64_t k = 0; k < t->bins; k++) out[k] += (int64_t)from[k];
            }
            begun = true;
        }
        ac_scratch_free(t->rooms[w].data, t->rooms[w].bytes);
    }
    if (!begun && out != NULL) memset(out, 0, (size_t)t->bins * sizeof *out);
    ac_scratch_free(t->rooms, (size_t)t->workers * sizeof *t->rooms);
}

#endif
