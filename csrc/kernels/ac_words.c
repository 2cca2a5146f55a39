/* ac_words.c - see ac_words.h. Every worker counts into a table of its own; then the tables are
 * merged in parallel, each part of the hash space by one worker. Nothing is shared while counting,
 * so it scales as independent processes do; the merge touches each different word once a worker. */
#include "kernels/ac_words.h"

#include <stdlib.h>

#include "kernels/ac_scratch.h"
#include "kernels/ac_words_scan.h"
#include "kernels/ac_words_table.h"

#define CHUNK ((int64_t)256 << 10) /* 0.5 to 1 ms */
#define BATCH 32                   /* words whose slots are fetched ahead: more than the misses in flight */
#define PART_BITS 6                /* 64 parts: their tables fit a second-level cache */

struct ac_words {
    ac_words_table *parts; /* by the highest part_bits bits of the hash */
    int part_bits;
    uint64_t seed;
    uint64_t total, distinct;
    ac_arena_block *arena; /* where long words stand, beside the arenas of the parts */
};

typedef struct worker {
    AC_ALIGNED_LINE ac_words_table table;
    uint64_t total;
} worker;

typedef struct job {
    const ac_text *texts;
    const int64_t *start; /* where each text starts in the row of all; one more at the end */
    int64_t count;
    uint64_t shortest, longest, seed;
    ac_simd simd;
    worker *workers;
    int32_t threads;
    ac_words *result;
} job;

/* ---- counting ------------------------------------------------------------------------------- */

typedef struct batch {
    int n;
    ac_word_key key[BATCH];
} batch;

static bool flush(const job *j, worker *w, batch *b) {
    if (!ac_words_table_reserve(&w->table, (uint64_t)b->n, j->seed, 0)) return false;
    for (int i = 0; i < b->n; i++)
        __builtin_prefetch(&w->table.slots[ac_words_home(&w->table, b->key[i].hash, 0)], 1);
    for (int i = 0; i < b->n; i++)
        if (!ac_words_table_add(&w->table, &b->key[i], 1, 0, false)) return false;
    w->total += (uint64_t)b->n;
    b->n = 0;
    return true;
}

AC_INLINE bool take(const job *j, worker *w, batch *b, const ac_text *text, int64_t lo,
                    int64_t hi) {
    const uint64_t length = (uint64_t)(hi - lo);
    if (length - j->shortest > j->longest - j->shortest) return true;
    ac_word_key_of(&b->key[b->n++], text->bytes + lo, length, text->size - lo, j->seed);
    return b->n < BATCH || flush(j, w, b);
}

/* Counts the words that begin in [lo, hi) of one text. */
static bool count_piece(const job *j, worker *w, const ac_text *text, int64_t lo, int64_t hi) {
    const uint8_t *const bytes = text->bytes;
    uint32_t edge[AC_WORDS_BLOCK + 64];
    batch b;
    b.n = 0;
    if (lo > 0 && !ac_is_space(bytes[lo - 1])) {
        lo = ac_words_find_space(j->simd, bytes, lo, hi); /* that word began before */
        if (lo == hi) return true;
    }
    bool in_word = false;
    int64_t begin = 0; /* of the word that goes on */
    for (int64_t at = lo; at < hi; at += AC_WORDS_BLOCK) {
        const int64_t some = hi - at < AC_WORDS_BLOCK ? hi - at : AC_WORDS_BLOCK;
        const bool was_in_word = in_word;
        const int64_t edges = ac_words_edges(j->simd, bytes + at, some, &in_word, edge);
        int64_t e = 0;
        if (was_in_word && edges > 0) {
            if (!take(j, w, &b, text, begin, at + edge[0])) return false;
            e = 1;
        }
        for (; e + 1 < edges; e += 2)
            if (!take(j, w, &b, text, at + edge[e], at + edge[e + 1])) return false;
        if (e < edges) begin = at + edge[e];
    }
    if (in_word) {
        const int64_t end = ac_words_find_space(j->simd, bytes, hi, text->size);
        if (!take(j, w, &b, text, begin, end)) return false;
    }
    return flush(j, w, &b);
}

static int count_range(void *ctx, int64_t lo, int64_t hi, int32_t worker_id) {
    const job *const j = ctx;
    int64_t first = 0, last = j->count; /* the text in which lo lies: start[first] <= lo */
    while (last - first > 1) {
        const int64_t mid = first + (last - first) / 2;
        if (j->start[mid] <= lo) {
            first = mid;
        } else {
            last = mid;
        }
    }
    for (int64_t t = first; t < j->count && j->start[t] < hi; t++) {
        const int64_t from = lo > j->start[t] ? lo - j->start[t] : 0;
        const int64_t to = hi < j->start[t + 1] ? hi - j->start[t] : j->texts[t].size;
        if (from < to && !count_piece(j, &j->workers[worker_id], &j->texts[t], from, to))
            return -AC_EXEC_NOMEM;
    }
    return 0;
}

/* ---- merging -------------------------------------------------------------------------------- */

AC_INLINE uint64_t part_of(uint64_t hash, int bits) { return hash >> 1 >> (63 - bits); }

/* Brings the words of one part from one worker's table to the part's. They lie in one stretch of it, from
 * where the first could be to the first free slot after where the last could be. */
static bool merge_from(ac_words_table *to, const ac_words_table *from, uint64_t part,
                       uint64_t seed) {
    const uint64_t stretch = from->capacity >> PART_BITS, begin = part * stretch;
    ac_word_key keys[BATCH];
    uint64_t counts[BATCH];
    int n = 0;
    for (uint64_t k = 0;; k++) {
        const ac_word_slot *const s = &from->slots[(begin + k) & (from->capacity - 1)];
        const bool end = k >= stretch && s->count == 0;
        if (s->count != 0) {
            const uint64_t hash = ac_word_slot_hash(s, seed);
            if (part_of(hash, PART_BITS) == part) {
                keys[n] = (ac_word_key){hash, s->length, {s->word[0], s->word[1]}};
                counts[n++] = s->count;
            }
        }
        if (n == BATCH || end) {
            if (!ac_words_table_reserve(to, (uint64_t)n, seed, PART_BITS)) return false;
            for (int i = 0; i < n; i++)
                __builtin_prefetch(&to->slots[ac_words_home(to, keys[i].hash, PART_BITS)], 1);
            for (int i = 0; i < n; i++)
                if (!ac_words_table_add(to, &keys[i], counts[i], PART_BITS, true)) return false;
            n = 0;
        }
        if (end) return true;
    }
}

static int merge_range(void *ctx, int64_t lo, int64_t hi, int32_t worker_id) {
    const job *const j = ctx;
    (void)worker_id;
    for (int64_t part = lo; part < hi; part++) {
        uint64_t most = 0;
        for (int32_t w = 0; w < j->threads; w++)
            if (j->workers[w].table.used > most) most = j->workers[w].table.used;
        ac_words_table *const to = &j->result->parts[part];
        if (!ac_words_table_reserve(to, most >> PART_BITS, j->seed, PART_BITS))
            return -AC_EXEC_NOMEM;
        for (int32_t w = 0; w < j->threads; w++) {
            const ac_words_table *const from = &j->workers[w].table;
            if (from->used > 0 && !merge_from(to, from, (uint64_t)part, j->seed))
                return -AC_EXEC_NOMEM;
        }
    }
    return 0;
}

static ac_words *new_words(uint64_t seed, int part_bits) {
    ac_words *const w = calloc(1, sizeof *w);
    if (w == NULL) return NULL;
    w->parts = calloc((size_t)1 << part_bits, sizeof *w->parts);
    w->part_bits = part_bits;
    w->seed = seed;
    if (w->parts == NULL) {
        free(w);
        return NULL;
    }
    return w;
}

/* The workers' tables become the result; what they hold is moved out of them. */
static int gather(const ac_exec *ex, job *j) {
    int32_t filled = 0, last = 0;
    uint64_t total = 0;
    for (int32_t w = 0; w < j->threads; w++) {
        total += j->workers[w].total;
        if (j->workers[w].table.used > 0) {
            filled++;
            last = w;
        }
    }
    j->result = new_words(j->seed, filled > 1 ? PART_BITS : 0);
    if (j->result == NULL) return AC_EXEC_NOMEM;
    j->result->total = total;
    if (filled <= 1) {
        j->result->parts[0] = j->workers[last].table;
        memset(&j->workers[last].table, 0, sizeof j->workers[last].table);
        j->result->distinct = j->result->parts[0].used;
        return 0;
    }
    const int rc = ac_exec_for(ex, merge_range, j, 1 << PART_BITS, 1);
    if (rc != 0) {
        ac_words_free(j->result);
        return rc > 0 ? -rc : rc; /* a range function can only return what is > 0 */
    }
    for (int p = 0; p < 1 << PART_BITS; p++) j->result->distinct += j->result->parts[p].used;
    for (int32_t w = 0; w < j->threads; w++) {
        ac_arena_block **end = &j->workers[w].table.arena;
        while (*end != NULL) end = &(*end)->next;
        *end = j->result->arena;
        j->result->arena = j->workers[w].table.arena;
        j->workers[w].table.arena = NULL;
    }
    return 0;
}

int ac_words_count(const ac_exec *ex, const ac_text *texts, int64_t count, uint64_t shortest,
                   uint64_t longest, uint64_t seed, ac_words **result) {
    *result = NULL;
    const size_t start_bytes = ((size_t)count + 1) * sizeof(int64_t);
    const size_t worker_bytes = (size_t)ex->threads * sizeof(worker);
    int64_t *const start = ac_scratch_alloc(start_bytes);
    job j = {.texts = texts, .start = start, .count = count, .seed = seed, .simd = ex->simd};
    j.shortest = shortest;
    j.longest = longest;
    j.threads = ex->threads;
    j.workers = ac_scratch_alloc_zeroed(worker_bytes);
    int rc = AC_EXEC_NOMEM;
    if (start != NULL && j.workers != NULL) {
        start[0] = 0;
        for (int64_t t = 0; t < count; t++) start[t + 1] = start[t] + texts[t].size;
        rc = longest < shortest ? 0 : ac_exec_for(ex, count_range, &j, start[count], CHUNK);
        if (rc > 0) rc = -rc; /* a range function can only return what is > 0 */
        if (rc == 0) rc = gather(ex, &j);
        for (int32_t w = 0; w < j.threads; w++) ac_words_table_free(&j.workers[w].table);
    }
    ac_scratch_free(j.workers, worker_bytes);
    ac_scratch_free(start, start_bytes);
    if (rc == 0) *result = j.result;
    return rc;
}

/* ---- the result ----------------------------------------------------------------------------- */

ac_words *ac_words_new(uint64_t seed) { return new_words(seed, 0); }

void ac_words_free(ac_words *w) {
    if (w == NULL) return;
    for (int p = 0; p < 1 << w->part_bits; p++) ac_words_table_free(&w->parts[p]);
    ac_words_arena_free(w->arena);
    free(w->parts);
    free(w);
}

uint64_t ac_words_distinct(const ac_words *w) { return w->distinct; }
uint64_t ac_words_total(const ac_words *w) { return w->total; }

uint64_t ac_words_get(const ac_words *w, const uint8_t *bytes, uint64_t length) {
    if (length == 0) return 0;
    ac_word_key key;
    ac_word_key_of(&key, bytes, length, (int64_t)length, w->seed);
    const ac_words_table *const t = &w->parts[part_of(key.hash, w->part_bits)];
    const ac_word_slot *const s = ac_words_table_find(t, &key, w->part_bits);
    return s == NULL ? 0 : s->count;
}

bool ac_words_add(ac_words *w, const uint8_t *bytes, uint64_t length, uint64_t count) {
    ac_word_key key;
    ac_word_key_of(&key, bytes, length, (int64_t)length, w->seed);
    ac_words_table *const t = &w->parts[part_of(key.hash, w->part_bits)];
    const uint64_t used = t->used;
    if (!ac_words_table_reserve(t, 1, w->seed, w->part_bits)) return false;
    if (!ac_words_table_add(t, &key, count, w->part_bits, false)) return false;
    w->distinct += t->used - used;
    w->total += count;
    return true;
}

/* cursor { index of the slot, part }: the part in the lowest bits. */
bool ac_words_next(const ac_words *w, uint64_t *cursor, ac_word *word) {
    const uint64_t parts = (uint64_t)1 << w->part_bits;
    uint64_t part = *cursor & (parts - 1), at = *cursor >> w->part_bits;
    for (; part < parts; part++, at = 0) {
        const ac_words_table *const t = &w->parts[part];
        for (; at < t->capacity; at++) {
            const ac_word_slot *const s = &t->slots[at];
            if (s->count == 0) continue;
            *word = (ac_word){ac_word_bytes(s), s->length, s->count};
            *cursor = (at + 1) << w->part_bits | part;
            return true;
        }
    }
    *cursor = UINT64_MAX << w->part_bits | (parts - 1); /* past the last slot of the last part */
    return false;
}

uint64_t ac_words_of_length(const ac_words *w, uint64_t length) {
    uint64_t sum = 0;
    for (int p = 0; p < 1 << w->part_bits; p++) {
        const ac_words_table *const t = &w->parts[p];
        for (uint64_t i = 0; i < t->capacity; i++)
            sum += t->slots[i].length == length ? t->slots[i].count : 0;
    }
    return sum;
}
