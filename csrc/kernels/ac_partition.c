/* ac_partition.c - see ac_partition.h. Per chunk: classify and count; one prefix sum over (range,
 * chunk) gives every chunk its places in every range; then each chunk deals its keys out. */
#include "kernels/ac_partition.h"

#include <string.h>

#include "kernels/ac_scratch.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define IDS AC_CLASSIFY_IDS
#define BLOCK 1024 /* keys at a time, 8 KB: they stay in the first-level cache */

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

/* Sample places are pseudo-random but always the same: the sequence is that of Vigna's
 * splitmix64. */
static uint64_t next_random(uint64_t *state) {
    uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

void ac_partition_sample(ac_simd simd, ac_dtype dtype, ac_keys_form form, const void *x, int64_t n,
                         int64_t count, uint64_t *sample) {
    uint64_t state = (uint64_t)n;
    for (int64_t i = 0; i < count; i++) {
        const int64_t place = (int64_t)(next_random(&state) % (uint64_t)n);
        ac_keys_load(simd, dtype, form, x, place, 1, (ac_u64_at *)sample + i);
    }
}

static void choose_splitters(ac_partition *p, const ac_exec *ex, int64_t wanted, uint64_t *sample,
                             uint64_t *spare) {
    const ac_simd simd = ex->simd;
    ac_partition_sample(simd, p->dtype, p->form, p->x, p->n, AC_CLASSIFY_SAMPLES, sample);
    int levels = 3;
    while (levels < 8 && ((p->n >> levels) > wanted || 1 << levels < 4 * ex->threads)) levels++;
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
        ac_keys_load(p->simd, p->dtype, p->form, p->x, at, some, (ac_u64_at *)key);
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
                      const void *x, int64_t n, int64_t wanted) {
    p->simd = ex->simd;
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
        choose_splitters(p, ex, wanted, sample, sample + AC_CLASSIFY_SAMPLES);
        rc = ac_exec_for(ex, classify_range, p, p->chunks, 1);
        if (rc == 0) place(p);
    }
    ac_scratch_free(sample, 2 * AC_CLASSIFY_SAMPLES * sizeof *sample);
    return rc;
}

/* ---- dealing -------------------------------------------------------------------------------- */

/* One output of numbers of 4 or 8 bytes, written by the cache line. What goes to one line of one
 * range is gathered in a line of `lines`; a full one is stored past the caches, so that memory is
 * not read before it is written (Satish et al., Fast sort on CPUs and GPUs, 2010). Places count
 * from the output's first whole line, so that lines here are lines there. */
typedef struct stream {
    char *out;
    bool aligned; /* lines can be lines there */
    int64_t skew; /* place of out[0] in its line */
    AC_ALIGNED_LINE char lines[IDS][64];
} stream;

static void stream_to(stream *s, void *out, int size) {
    s->out = out;
    s->aligned = (uintptr_t)out % (uintptr_t)size == 0;
    s->skew = s->aligned ? (int64_t)((uintptr_t)out % 64) / size : 0;
}

/* Stores the places [lo, hi) of one line. */
AC_COLD static void store_part(const stream *s, int id, int64_t lo, int64_t hi, int size) {
    const int64_t in_line = (lo + s->skew) & (64 / size - 1);
    memcpy(s->out + lo * size, s->lines[id] + in_line * size, (size_t)((hi - lo) * size));
}

AC_INLINE void store_line(const stream *s, int id, int64_t last, int64_t begin, int size) {
    const int64_t first = last + 1 - 64 / size;
    if (AC_UNLIKELY(first < begin)) {
        store_part(s, id, begin, last + 1, size);
        return;
    }
    char *const to = s->out + first * size;
#if defined(__x86_64__)
    if (AC_LIKELY(s->aligned)) {
        const __m128i *const from = (const __m128i *)(const void *)s->lines[id];
        for (int k = 0; k < 4; k++) _mm_stream_si128((__m128i *)(void *)to + k, from[k]);
        return;
    }
#endif
    memcpy(to, s->lines[id], 64);
}

AC_INLINE void stream_put(stream *s, int id, int64_t place, int64_t begin, uint64_t value,
                          int size) {
    const int64_t in_line = (place + s->skew) & (64 / size - 1);
    if (size == 4) {
        ((uint32_t *)(void *)s->lines[id])[in_line] = (uint32_t)value;
    } else {
        ((uint64_t *)(void *)s->lines[id])[in_line] = value;
    }
    if (in_line == 64 / size - 1) store_line(s, id, place, begin, size);
}

/* What is left in the lines of a chunk. */
static void stream_flush(const stream *s, const int64_t *begin, const int64_t *next, int size) {
    for (int b = 0; b < IDS; b++) {
        const int64_t in_line = (next[b] + s->skew) & (64 / size - 1);
        const int64_t first = next[b] - in_line > begin[b] ? next[b] - in_line : begin[b];
        if (first < next[b]) store_part(s, b, first, next[b], size);
    }
}

/* `key_size` of a key; `size` of an index, or 0 for none. Constants in each call. */
AC_INLINE void deal_chunk(const ac_partition *p, int64_t chunk, stream *keys, stream *index,
                          int key_size, int size) {
    uint64_t key[BLOCK];
    int64_t next[IDS];
    const int64_t *const begin = p->at + chunk * IDS;
    const int64_t first = chunk * AC_PARTITION_CHUNK;
    const int64_t last = smaller(first + AC_PARTITION_CHUNK, p->n);
    memcpy(next, begin, sizeof next);
    for (int64_t at = first; at < last; at += BLOCK) {
        const int64_t some = smaller(BLOCK, last - at);
        const uint8_t *const id = p->id + at;
        ac_keys_load(p->simd, p->dtype, p->form, p->x, at, some, (ac_u64_at *)key);
        for (int64_t i = 0; i < some; i++) {
            const int b = id[i];
            const int64_t place = next[b]++;
            stream_put(keys, b, place, begin[b], key[i], key_size);
            if (size != 0) stream_put(index, b, place, begin[b], (uint64_t)(at + i), size);
        }
    }
    stream_flush(keys, begin, next, key_size);
    if (size != 0) stream_flush(index, begin, next, size);
}

static int deal_range(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    const ac_partition *const p = ctx;
    (void)worker;
    stream keys, index;
    stream_to(&keys, p->keys_out, p->short_keys ? 4 : 8);
    stream_to(&index, p->index_out, p->wide ? 8 : 4);
    for (int64_t chunk = lo; chunk < hi; chunk++) {
        if (p->short_keys) {
            deal_chunk(p, chunk, &keys, &index, 4, 0);
        } else if (p->index_out == NULL) {
            deal_chunk(p, chunk, &keys, &index, 8, 0);
        } else if (p->wide) {
            deal_chunk(p, chunk, &keys, &index, 8, 8);
        } else {
            deal_chunk(p, chunk, &keys, &index, 8, 4);
        }
    }
#if defined(__x86_64__)
    _mm_sfence(); /* stores past the caches are not ordered by the release that ends the job */
#endif
    return 0;
}

int ac_partition_deal(ac_partition *p, const ac_exec *ex, ac_u64_at *keys, void *index, bool wide) {
    p->keys_out = keys;
    p->index_out = index;
    p->wide = wide;
    p->short_keys = false;
    return ac_exec_for(ex, deal_range, p, p->chunks, 1);
}

int ac_partition_deal_short(ac_partition *p, const ac_exec *ex, ac_u32_at *keys) {
    p->keys_out = keys;
    p->index_out = NULL;
    p->wide = false;
    p->short_keys = true;
    return ac_exec_for(ex, deal_range, p, p->chunks, 1);
}

void ac_partition_end(ac_partition *p) {
    ac_scratch_free(p->id, (size_t)p->n);
    ac_scratch_free(p->at, (size_t)p->chunks * IDS * sizeof *p->at);
}
