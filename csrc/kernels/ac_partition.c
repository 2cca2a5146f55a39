/* ac_partition.c - see ac_partition.h. Per chunk: classify and count; one prefix sum over (range, chunk)
 * gives every chunk its places in every range; then each chunk deals its keys out. */
#include "kernels/ac_partition.h"

#include <string.h>

#include "kernels/ac_scratch.h"

#define IDS AC_CLASSIFY_IDS
#define BLOCK 1024 /* keys at a time, 8 KB: they stay in the first-level cache */
#define RANGE_WANTED 16384 /* keys in a range: with what argsort needs beside, half of a 1 MB cache */

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

/* Sample places are pseudo-random but always the same: the sequence is that of Vigna's splitmix64. */
static uint64_t next_random(uint64_t *state) {
    uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static void choose_splitters(ac_partition *p, ac_simd simd, uint64_t *sample, uint64_t *spare) {
    uint64_t state = (uint64_t)p->n;
    for (int i = 0; i < AC_CLASSIFY_SAMPLES; i++) {
        const int64_t place = (int64_t)(next_random(&state) % (uint64_t)p->n);
        ac_keys_load(p->dtype, p->form, p->x, place, 1, (ac_u64_at *)sample + i);
    }
    int levels = 3;
    while (levels < 8 && (p->n >> levels) > RANGE_WANTED) levels++;
    ac_classifier_init(&p->classifier, simd, levels, sample, spare);
}

static void classify_chunk(ac_partition *p, int64_t chunk) {
    const int64_t lo = chunk * AC_PARTITION_CHUNK;
    const int64_t hi = smaller(lo + AC_PARTITION_CHUNK, p->n);
    uint64_t key[BLOCK];
    uint32_t count[4][IDS]; /* four, because equal ids in a row would wait for each other's store */
    memset(count, 0, sizeof count);
    for (int64_t at = lo; at < hi; at += BLOCK) {
        const int64_t some = smaller(BLOCK, hi - at);
        uint8_t *const id = p->id + at;
        ac_keys_load(p->dtype, p->form, p->x, at, some, (ac_u64_at *)key);
        ac_classify(&p->classifier, (ac_u64_at *)key, some, id);
        int64_t i = 0;
        for (; i + 4 <= some; i += 4) {
            count[0][id[i]]++;
            count[1][id[i + 1]]++;
            count[2][id[i + 2]]++;
            count[3][id[i + 3]]++;
        }
        for (; i < some; i++) count[0][id[i]]++;
    }
    int64_t *const counts = p->at + chunk * IDS;
    for (int b = 0; b < IDS; b++)
        counts[b] = (int64_t)count[0][b] + count[1][b] + count[2][b] + count[3][b];
}

static int classify_range(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    (void)worker;
    for (int64_t chunk = lo; chunk < hi; chunk++) classify_chunk(ctx, chunk);
    return 0;
}

/* Counts become places: range after range, and within a range chunk after chunk. */
static void place(ac_partition *p) {
    int64_t sum = 0;
    for (int b = 0; b < IDS; b++) {
        p->bound[b] = sum;
        for (int64_t chunk = 0; chunk < p->chunks; chunk++) {
            int64_t *const slot = p->at + chunk * IDS + b;
            const int64_t count = *slot;
            *slot = sum;
            sum += count;
        }
    }
    p->bound[IDS] = sum;
}

int ac_partition_plan(ac_partition *p, const ac_exec *ex, ac_dtype dtype, ac_keys_form form,
                      const void *x, int64_t n) {
    p->dtype = dtype;
    p->form = form;
    p->x = x;
    p->n = n;
    p->chunks = (n + AC_PARTITION_CHUNK - 1) / AC_PARTITION_CHUNK;
    p->id = ac_scratch_alloc((size_t)n);
    p->at = ac_scratch_alloc((size_t)p->chunks * IDS * sizeof *p->at);
    uint64_t *const sample = ac_scratch_alloc(2 * AC_CLASSIFY_SAMPLES * sizeof *sample);
    int rc = AC_EXEC_NOMEM;
    if (p->id != NULL && p->at != NULL && sample != NULL) {
        choose_splitters(p, ex->simd, sample, sample + AC_CLASSIFY_SAMPLES);
        rc = ac_exec_for(ex, classify_range, p, p->chunks, 1);
        if (rc == 0) place(p);
    }
    ac_scratch_free(sample, 2 * AC_CLASSIFY_SAMPLES * sizeof *sample);
    return rc;
}

static int deal_range(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    ac_partition *const p = ctx;
    ac_u64_at *const keys_out = p->keys_out;
    (void)worker;
    uint64_t key[BLOCK];
    for (int64_t chunk = lo; chunk < hi; chunk++) {
        int64_t *const next = p->at + chunk * IDS;
        const int64_t first = chunk * AC_PARTITION_CHUNK;
        const int64_t last = smaller(first + AC_PARTITION_CHUNK, p->n);
        for (int64_t at = first; at < last; at += BLOCK) {
            const int64_t some = smaller(BLOCK, last - at);
            const uint8_t *const id = p->id + at;
            ac_keys_load(p->dtype, p->form, p->x, at, some, (ac_u64_at *)key);
            if (p->index_out == NULL) {
                for (int64_t i = 0; i < some; i++) keys_out[next[id[i]]++] = key[i];
            } else if (p->wide) {
                uint64_t *const index_out = p->index_out;
                for (int64_t i = 0; i < some; i++) {
                    const int64_t to = next[id[i]]++;
                    keys_out[to] = key[i];
                    index_out[to] = (uint64_t)(at + i);
                }
            } else {
                uint32_t *const index_out = p->index_out;
                for (int64_t i = 0; i < some; i++) {
                    const int64_t to = next[id[i]]++;
                    keys_out[to] = key[i];
                    index_out[to] = (uint32_t)(at + i);
                }
            }
        }
    }
    return 0;
}

int ac_partition_deal(ac_partition *p, const ac_exec *ex, ac_u64_at *keys, void *index, bool wide) {
    p->keys_out = keys;
    p->index_out = index;
    p->wide = wide;
    return ac_exec_for(ex, deal_range, p, p->chunks, 1);
}

void ac_partition_end(ac_partition *p) {
    ac_scratch_free(p->id, (size_t)p->n);
    ac_scratch_free(p->at, (size_t)p->chunks * IDS * sizeof *p->at);
}

int64_t ac_partition_largest(const ac_partition *p) {
    int64_t most = 0;
    for (int b = 0; b < p->classifier.ids; b++) {
        const int64_t size = p->bound[b + 1] - p->bound[b];
        if (size > most && !ac_classifier_is_equal(&p->classifier, b)) most = size;
    }
    return most;
}
