/* ac_census.c - see ac_census.h. A table for each worker; the tables are added up at the end. */
#include "kernels/ac_census.h"

#include <stdbool.h>
#include <string.h>

#include "kernels/ac_scratch.h"

#define GRAIN 262144
/* Workers count in 32 bits, half of the room that 64 take in the caches: so many at a time. */
#define AT_ONCE ((int64_t)1 << 31)

typedef struct job {
    const void *x;
    int64_t size;    /* of the table */
    uint32_t *table; /* size for each worker */
    bool *used;      /* by this worker, and so to be added up */
    uint32_t flip;   /* the sign bit of signed numbers */
} job;

/* Four tables, because equal numbers in a row would wait for each other's store. */
static void count_bytes(const uint8_t *x, int64_t n, uint32_t flip, uint32_t *table) {
    uint32_t part[4][256];
    memset(part, 0, sizeof part);
    int64_t i = 0;
    for (; i + 8 <= n; i += 8) {
        uint64_t eight;
        memcpy(&eight, x + i, 8);
        for (int k = 0; k < 8; k++) part[k & 3][(eight >> 8 * k) & 255]++;
    }
    for (; i < n; i++) part[0][x[i]]++;
    for (uint32_t v = 0; v < 256; v++)
        table[v ^ flip] += part[0][v] + part[1][v] + part[2][v] + part[3][v];
}

static void count_pairs(const ac_u16_at *x, int64_t n, uint32_t flip, uint32_t *table) {
    for (int64_t i = 0; i < n; i++) table[x[i] ^ flip]++;
}

static int count_range(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    const job *const j = ctx;
    uint32_t *const table = j->table + worker * j->size;
    if (!j->used[worker]) {
        memset(table, 0, (size_t)j->size * sizeof *table);
        j->used[worker] = true;
    }
    if (j->size == 256) {
        count_bytes((const uint8_t *)j->x + lo, hi - lo, j->flip, table);
    } else {
        count_pairs((const ac_u16_at *)j->x + lo, hi - lo, j->flip, table);
    }
    return 0;
}

static int count_all(const ac_exec *ex, job *j, ac_dtype dtype, int64_t n, uint64_t *count) {
    const char *const x = j->x;
    for (int64_t at = 0; at < n; at += AT_ONCE) {
        const int64_t some = n - at < AT_ONCE ? n - at : AT_ONCE;
        memset(j->used, 0, (size_t)ex->threads * sizeof *j->used);
        j->x = x + (size_t)at * ac_dtype_size(dtype);
        const int rc = ac_exec_for(ex, count_range, j, some, GRAIN);
        if (rc != 0) return rc;
        for (int32_t w = 0; w < ex->threads; w++) {
            const uint32_t *const table = j->table + w * j->size;
            if (j->used[w])
                for (int64_t v = 0; v < j->size; v++) count[v] += table[v];
        }
    }
    return 0;
}

int ac_census(const ac_exec *ex, ac_dtype dtype, const void *x, int64_t n, uint64_t *count) {
    job j = {.x = x, .size = ac_census_size(dtype)};
    const size_t bytes =
        ac_scratch_product((size_t)ex->threads, (size_t)j.size * sizeof *j.table);
    const bool is_signed = dtype == AC_I8 || dtype == AC_I16;
    j.flip = is_signed ? (uint32_t)j.size / 2 : 0;
    memset(count, 0, (size_t)j.size * sizeof *count);
    j.table = ac_scratch_alloc(bytes);
    j.used = ac_scratch_alloc((size_t)ex->threads * sizeof *j.used);
    int rc = AC_EXEC_NOMEM;
    if (j.table != NULL && j.used != NULL) rc = count_all(ex, &j, dtype, n, count);
    ac_scratch_free(j.table, bytes);
    ac_scratch_free(j.used, (size_t)ex->threads * sizeof *j.used);
    return rc;
}
