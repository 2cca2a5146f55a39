/* ac_words.c - see ac_words.h. Every worker counts into a front of its own (ac_words_front.h); then
 * the parts of all fronts are collected in parallel, each part by one worker. */
#include "kernels/ac_words.h"

#include <stdlib.h>

#include "base/ac_atomic.h"
#include "kernels/ac_words_front.h"
#include "kernels/ac_words_scan.h"

#define CHUNK ((int64_t)256 << 10) /* 0.5 to 1 ms */
#define BATCH 32                   /* words whose sets are fetched ahead */
#define FEW 8192                   /* different words, below which one table holds the result */
#define TINY 2048 /* bytes, whose words go into that table at once: a front would cost more */
_Static_assert(TINY <= AC_WORDS_BLOCK, "a tiny text is one block");

struct ac_words {
    ac_words_table *parts; /* by the highest part_bits bits of the hash */
    int part_bits;         /* 0 or AC_FRONT_PART_BITS */
    ac_scratch room;       /* slots that are lent to the parts */
    const ac_sched_api *api; /* lent the room; may be NULL */
    uint64_t seed;
    uint64_t total, distinct;
    /* occurrences of the words of each length that stand in their slots, one row a part */
    uint64_t (*lengths)[AC_WORD_INLINE + 1];
};

typedef struct worker {
    AC_ALIGNED_LINE ac_words_front front; /* initialised with the worker's first piece */
    uint64_t total;
    AC_ALIGNED_LINE ac_atomic_i64 next; /* the next chunk of its stretch; by it, and by whoever has
                                           come to the end of his own. Grows past the end. */
} worker;

typedef struct job {
    const ac_text *texts;
    const int64_t *start; /* where each text starts in the row of all; one more at the end */
    int64_t count;
    uint64_t shortest, longest, seed;
    ac_simd simd;
    worker *workers;
    int32_t threads;
    const ac_sched_api *api;
    ac_words *result;
} job;

/* ---- counting ------------------------------------------------------------------------------- */

typedef struct batch {
    ac_word_slot word[BATCH];
    ac_word_slot *set[BATCH]; /* of the front */
} batch;

/* What the loop over a piece needs of the job, the text and the front: here, because the compiler must
 * take each store of a word for one that may change those. */
typedef struct piece {
    const uint8_t *bytes;
    int64_t size;
    uint64_t shortest, span, seed; /* lengths: shortest + (0 .. span) */
    ac_word_slot *slots;
    int shift;
} piece;

static bool flush(worker *w, const batch *b, int n) {
    for (int i = 0; i < n; i++)
        if (!ac_words_front_add(&w->front, b->set[i], &b->word[i])) return false;
    w->total += (uint64_t)n;
    return true;
}

AC_INLINE bool take(const piece *p, worker *w, batch *b, int *n, int64_t lo, int64_t hi) {
    const uint64_t length = (uint64_t)(hi - lo);
    if (length - p->shortest > p->span) return true;
    const uint64_t hash = ac_word_make(&b->word[*n], p->bytes + lo, length, p->size - lo, p->seed);
    ac_word_slot *const set = p->slots + 2 * (hash >> p->shift);
    __builtin_prefetch(set, 1);
    b->set[*n] = set;
    if (++*n < BATCH) return true;
    *n = 0;
    return flush(w, b, BATCH);
}

/* Counts the words that begin in [lo, hi) of one text. */
static bool count_piece(const job *j, worker *w, const ac_text *text, int64_t lo, int64_t hi) {
    const uint8_t *const bytes = text->bytes;
    const piece p = {bytes,   text->size,     j->shortest,   j->longest - j->shortest,
                     j->seed, w->front.slots, w->front.shift};
    uint32_t edge[AC_WORDS_BLOCK + 64];
    batch b;
    int n = 0; /* words in it */
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
            if (!take(&p, w, &b, &n, begin, at + edge[0])) return false;
            e = 1;
        }
        for (; e + 1 < edges; e += 2)
            if (!take(&p, w, &b, &n, at + edge[e], at + edge[e + 1])) return false;
        if (e < edges) begin = at + edge[e];
    }
    if (in_word) {
        const int64_t end = ac_words_find_space(j->simd, bytes, hi, text->size);
        if (!take(&p, w, &b, &n, begin, end)) return false;
    }
    return flush(w, &b, n);
}

static int64_t stretch_begin(const job *j, int32_t w) {
    const int64_t chunks = (j->start[j->count] + CHUNK - 1) / CHUNK;
    return chunks * w / j->threads;
}

/* The next chunk for a worker: of its own stretch of the text while there are any, then of the
 * others'. Neighbouring text repeats its words: a worker that stays in one place meets fewer
 * different ones than one that is dealt chunks from everywhere, and there is less to collect.
 * There are as many calls as chunks, so that each call finds one. */
static int64_t next_chunk(const job *j, int32_t self) {
    for (int32_t i = 0; i < j->threads; i++) {
        const int32_t w = (self + i) % j->threads;
        const int64_t end = stretch_begin(j, w + 1);
        ac_atomic_i64 *const next = &j->workers[w].next;
        /* relaxed: a number is dealt out, no data */
        const int64_t chunk = ac_load_relaxed(next) < end ? ac_fetch_add_relaxed(next, (int64_t)1) : end;
        if (chunk < end) return chunk;
    }
    return -1;
}

static int count_range(void *ctx, int64_t lo, int64_t hi, int32_t worker_id) {
    const job *const j = ctx;
    worker *const w = &j->workers[worker_id];
    const int64_t chunk = next_chunk(j, worker_id);
    if (chunk < 0) return 0;
    lo = chunk * CHUNK;
    hi = j->start[j->count] - lo > CHUNK ? lo + CHUNK : j->start[j->count];
    int64_t first = 0, last = j->count; /* the text in which lo lies: start[first] <= lo */
    while (last - first > 1) {
        const int64_t mid = first + (last - first) / 2;
        if (j->start[mid] <= lo) {
            first = mid;
        } else {
            last = mid;
        }
    }
    if (w->front.slots == NULL && !ac_words_front_init(&w->front, j->api, j->start[j->count], j->seed))
        return -AC_EXEC_NOMEM;
    for (int64_t t = first; t < j->count && j->start[t] < hi; t++) {
        const int64_t from = lo > j->start[t] ? lo - j->start[t] : 0;
        const int64_t to = hi < j->start[t + 1] ? hi - j->start[t] : j->texts[t].size;
        if (from < to && !count_piece(j, w, &j->texts[t], from, to)) return -AC_EXEC_NOMEM;
    }
    return 0;
}

/* ---- collecting ----------------------------------------------------------------------------- */

AC_INLINE uint64_t part_of(uint64_t hash, int bits) { return hash >> 1 >> (63 - bits); }

static int64_t records_of(const job *j, int part) {
    int64_t n = 0;
    for (int32_t w = 0; w < j->threads; w++)
        if (j->workers[w].front.slots != NULL)
            n += ac_words_front_records(&j->workers[w].front, part);
    return n;
}

static uint64_t long_bytes_of(const job *j, int part) {
    uint64_t n = 0;
    for (int32_t w = 0; w < j->threads; w++)
        if (j->workers[w].front.slots != NULL)
            n += ac_words_front_long_bytes(&j->workers[w].front, part);
    return n;
}

static bool collect(const job *j, int part, ac_words_table *to) {
    const int skip = j->result->part_bits;
    for (int32_t w = 0; w < j->threads; w++) {
        ac_words_front *const f = &j->workers[w].front;
        if (f->slots != NULL && !ac_words_front_collect(f, part, to, skip)) return false;
    }
    return true;
}

/* Adds up a part that has just been collected, while it lies in the cache. */
static void note_lengths(ac_words *words, int part) {
    const ac_words_table *const t = &words->parts[part];
    uint64_t *const row = words->lengths[part];
    for (uint64_t i = 0; i < t->capacity; i++) {
        const ac_word_slot *const s = &t->slots[i];
        if (!ac_word_is_long(s)) row[(uint8_t)s->head] += ac_word_count(s); /* a free slot adds none */
    }
}

static int collect_range(void *ctx, int64_t lo, int64_t hi, int32_t worker_id) {
    const job *const j = ctx;
    (void)worker_id;
    for (int64_t part = lo; part < hi; part++) {
        ac_words_table *const to = &j->result->parts[part];
        memset(to->slots, 0, to->capacity * sizeof *to->slots); /* now, so that the cache has them */
        if (!collect(j, (int)part, to)) return -AC_EXEC_NOMEM;
        note_lengths(j->result, (int)part);
    }
    return 0;
}

static ac_words *new_words(uint64_t seed, int part_bits) {
    ac_words *const w = calloc(1, sizeof *w);
    if (w == NULL) return NULL;
    w->parts = calloc((size_t)1 << part_bits, sizeof *w->parts);
    w->lengths = calloc((size_t)1 << part_bits, sizeof *w->lengths);
    w->part_bits = part_bits;
    w->seed = seed;
    if (w->parts == NULL || w->lengths == NULL) {
        free(w->parts);
        free(w->lengths);
        free(w);
        return NULL;
    }
    return w;
}

/* Lends every part slots for all of its records, and room for their long words, from one block, which
 * comes in huge pages. (Of the
 * records of English or Python text three quarters are different words.) Who collects a part makes
 * its slots zero. */
static bool make_room(job *j) {
    uint64_t capacity[AC_FRONT_PARTS], long_bytes[AC_FRONT_PARTS], sum = 0, long_sum = 0;
    for (int p = 0; p < AC_FRONT_PARTS; p++) {
        capacity[p] = ac_words_table_capacity((uint64_t)records_of(j, p));
        sum += capacity[p];
        long_sum += long_bytes[p] = long_bytes_of(j, p);
    }
    ac_scratch *const room = &j->result->room;
    const size_t bytes = ac_scratch_product(sum, sizeof(ac_word_slot));
    if (bytes > SIZE_MAX - long_sum) return false;
    *room = ac_scratch_borrow(j->api, bytes + long_sum);
    if (room->data == NULL) return false;
    ac_word_slot *slots = room->data;
    uint8_t *letters = (uint8_t *)(slots + sum);
    for (int p = 0; p < AC_FRONT_PARTS; p++) {
        ac_words_table_lend(&j->result->parts[p], slots, capacity[p], letters, long_bytes[p]);
        slots += capacity[p];
        letters += long_bytes[p];
    }
    return true;
}

static int gather(const ac_exec *ex, job *j) {
    int64_t records = 0;
    for (int p = 0; p < AC_FRONT_PARTS && records <= FEW; p++) records += records_of(j, p);
    j->result = new_words(j->seed, records <= FEW ? 0 : AC_FRONT_PART_BITS);
    if (j->result == NULL) return AC_EXEC_NOMEM;
    j->result->api = j->api;
    int rc = 0;
    if (records <= FEW) {
        for (int p = 0; p < AC_FRONT_PARTS && rc == 0; p++)
            if (!collect(j, p, j->result->parts)) rc = AC_EXEC_NOMEM;
        if (rc == 0) note_lengths(j->result, 0);
    } else {
        rc = make_room(j) ? ac_exec_for(ex, collect_range, j, AC_FRONT_PARTS, 1) : AC_EXEC_NOMEM;
        if (rc > 0) rc = -rc; /* a range function can only return what is > 0 */
    }
    if (rc != 0) {
        ac_words_free(j->result);
        return rc;
    }
    for (int p = 0; p < 1 << j->result->part_bits; p++)
        j->result->distinct += j->result->parts[p].used;
    for (int32_t w = 0; w < j->threads; w++) j->result->total += j->workers[w].total;
    return 0;
}

static bool add_tiny(const job *j, ac_words *words, const uint8_t *bytes, uint64_t length,
                     int64_t readable) {
    ac_words_table *const t = words->parts;
    ac_word_slot word;
    if (length - j->shortest > j->longest - j->shortest) return true;
    const uint64_t hash = ac_word_make(&word, bytes, length, readable, j->seed);
    if (!ac_words_table_reserve(t, 1, j->seed, 0) || !ac_words_table_add(t, &word, hash, 0, false))
        return false;
    if (!ac_word_is_long(&word)) words->lengths[0][length]++;
    words->total++;
    return true;
}

static bool count_tiny(const job *j, ac_words *words) {
    uint32_t edge[TINY + 64];
    for (int64_t t = 0; t < j->count; t++) {
        const uint8_t *const bytes = j->texts[t].bytes;
        const int64_t size = j->texts[t].size;
        bool in_word = false;
        int64_t edges = ac_words_edges(j->simd, bytes, size, &in_word, edge);
        if (in_word) edge[edges++] = (uint32_t)size;
        for (int64_t e = 0; e < edges; e += 2)
            if (!add_tiny(j, words, bytes + edge[e], edge[e + 1] - edge[e], size - edge[e]))
                return false;
    }
    words->distinct = words->parts->used;
    return true;
}

static int all_tiny(const job *j, ac_words **result) {
    ac_words *const words = new_words(j->seed, 0);
    if (words == NULL) return AC_EXEC_NOMEM;
    if (j->longest >= j->shortest && !count_tiny(j, words)) {
        ac_words_free(words);
        return AC_EXEC_NOMEM;
    }
    *result = words;
    return 0;
}

int ac_words_count(const ac_exec *ex, const ac_text *texts, int64_t count, uint64_t shortest,
                   uint64_t longest, uint64_t seed, ac_words **result) {
    *result = NULL;
    job j = {.texts = texts, .count = count, .seed = seed, .simd = ex->simd};
    j.shortest = shortest;
    j.longest = longest;
    int64_t bytes = 0;
    for (int64_t t = 0; t < count && bytes <= TINY; t++) bytes += texts[t].size;
    if (bytes <= TINY) return all_tiny(&j, result);
    const size_t start_bytes = ((size_t)count + 1) * sizeof(int64_t);
    const size_t worker_bytes = (size_t)ex->threads * sizeof(worker);
    int64_t *const start = ac_scratch_alloc(start_bytes);
    j.start = start;
    j.threads = ex->threads;
    j.api = ex->api;
    j.workers = ac_scratch_alloc_zeroed(worker_bytes);
    int rc = AC_EXEC_NOMEM;
    if (start != NULL && j.workers != NULL) {
        start[0] = 0;
        for (int64_t t = 0; t < count; t++) start[t + 1] = start[t] + texts[t].size;
        for (int32_t w = 0; w < j.threads; w++)
            ac_store_relaxed(&j.workers[w].next, stretch_begin(&j, w));
        rc = longest < shortest ? 0 : ac_exec_for(ex, count_range, &j, start[count], CHUNK);
        if (rc > 0) rc = -rc; /* a range function can only return what is > 0 */
        if (rc == 0) rc = gather(ex, &j);
        for (int32_t w = 0; w < j.threads; w++) ac_words_front_free(&j.workers[w].front);
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
    ac_scratch_return(w->api, w->room);
    free(w->parts);
    free(w->lengths);
    free(w);
}

uint64_t ac_words_distinct(const ac_words *w) { return w->distinct; }
uint64_t ac_words_total(const ac_words *w) { return w->total; }

uint64_t ac_words_get(const ac_words *w, const uint8_t *bytes, uint64_t length) {
    if (length == 0) return 0;
    ac_word_slot word;
    const uint64_t hash = ac_word_make(&word, bytes, length, (int64_t)length, w->seed);
    const ac_words_table *const t = &w->parts[part_of(hash, w->part_bits)];
    const ac_word_slot *const s = ac_words_table_find(t, &word, hash, w->part_bits);
    return s == NULL ? 0 : ac_word_count(s);
}

bool ac_words_add(ac_words *w, const uint8_t *bytes, uint64_t length, uint64_t count) {
    ac_word_slot word;
    const uint64_t hash = ac_word_make(&word, bytes, length, (int64_t)length, w->seed);
    word.head = count << 8 | (uint8_t)word.head;
    ac_words_table *const t = &w->parts[part_of(hash, w->part_bits)];
    const uint64_t used = t->used;
    if (!ac_words_table_reserve(t, 1, w->seed, w->part_bits)) return false;
    if (!ac_words_table_add(t, &word, hash, w->part_bits, false)) return false;
    w->distinct += t->used - used;
    if (length <= AC_WORD_INLINE) w->lengths[part_of(hash, w->part_bits)][length] += count;
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
            if (s->head == 0) continue;
            *word = (ac_word){ac_word_bytes(s), ac_word_length(s), ac_word_count(s)};
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
        if (length <= AC_WORD_INLINE) {
            sum += w->lengths[p][length];
            continue;
        }
        const ac_words_table *const t = &w->parts[p];
        for (uint64_t i = 0; i < t->capacity; i++)
            sum += ac_word_length(&t->slots[i]) == length ? ac_word_count(&t->slots[i]) : 0;
    }
    return sum;
}
