/* ac_unique.c - see ac_unique.h: three ways to ascending keys, and one to write a run of equal
 * ones as one.
 *
 *   census   numbers of 8 and 16 bits: a table of counts (ac_census.h)
 *   hash     few different numbers, as a sample tells: a hash table a thread (ac_tally.h; ac_seen.h if
 *            nobody asks for counts); then only the different keys are sorted
 *   sort     else: as ac_sort, and each range is looked at while it lies in the cache
 *
 * Keys stand in ranges that go up, in which they go up. Equal numbers are neighbours; they lie in
 * one range, unless they are zeroes or NaNs of different bits.
 */
#include "kernels/ac_unique.h"

#include <string.h>

#include "kernels/ac_census.h"
#include "kernels/ac_partition.h"
#include "kernels/ac_scratch.h"
#include "kernels/ac_seen.h"
#include "kernels/ac_sort.h"
#include "kernels/ac_sort_words.h"
#include "kernels/ac_tally.h"

#define ONE_PIECE 65536 /* below, one thread sorts all at once: 0.4 ms */
#define SAMPLE_FROM 4096 /* below, the sample and a table cost more than they could save */
#define SMALL_SAMPLE 256
#define BLOCK 1024      /* keys at a time, 8 KB: they stay in the first-level cache */
#define SLICE 16384     /* different keys in a range, where ranges are free */
#define CENSUS_PART 2   /* a table this many times longer than the numbers is still read through */
#define GRAIN 65536     /* numbers that one thread counts at a time */

/* Which neighbours are the same number: the keys that `group` makes equal, up to `single_above`. */
typedef struct sameness {
    uint64_t zero, negative_zero; /* keys; equal for integers, which changes nothing */
    uint64_t most;                /* larger keys are taken for this one: NaNs */
    uint64_t single_above;        /* and no key above this one is the same as another */
} sameness;

struct ac_unique {
    ac_dtype dtype;
    sameness same;
    uint64_t *keys;
    uint64_t *weight; /* how often each key occurs; NULL: as often as it stands there */
    size_t keys_bytes, weight_bytes;
    int64_t ranges;
    int64_t *bound; /* ranges + 1: where each begins */
    int64_t *first; /* ranges + 1: which result each range's own first one is */
    int64_t *lead;  /* ranges: the count of the keys that still belong to the range before */
    size_t bounds_bytes;
    void *numbers;
    ac_i64_at *counts;
    ac_simd simd;
};

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

static sameness same_numbers(ac_dtype dtype, bool equal_nan) {
    sameness s = {0, 0, UINT64_MAX, UINT64_MAX};
    const float f32[3] = {0.0f, -0.0f, __builtin_inff()};
    const double f64[3] = {0.0, -0.0, __builtin_inf()};
    uint64_t key[3];
    if (dtype != AC_F32 && dtype != AC_F64) return s;
    const void *const x = dtype == AC_F32 ? (const void *)f32 : (const void *)f64;
    ac_keys_load(AC_SIMD_PORTABLE, dtype, AC_KEYS_EXACT, x, 0, 3, (ac_u64_at *)key);
    s.zero = key[0];
    s.negative_zero = key[1];
    if (equal_nan) {
        s.most = key[2] + 1;
    } else {
        s.single_above = key[2];
    }
    return s;
}

AC_INLINE uint64_t group(const sameness *s, uint64_t key) {
    const uint64_t k = key == s->zero ? s->negative_zero : key;
    return k < s->most ? k : s->most;
}

AC_INLINE bool differ(const sameness *s, uint64_t before, uint64_t key) {
    return (group(s, before) != group(s, key)) | (key > s->single_above);
}

/* ---- results from ascending keys ------------------------------------------------------------- */

AC_INLINE int64_t count_body(const sameness *same, const uint64_t *keys, int64_t n) {
    const sameness s = *same;
    int64_t found = n > 0;
    for (int64_t i = 1; i < n; i++) found += differ(&s, keys[i - 1], keys[i]);
    return found;
}

#if defined(__x86_64__)
__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,prefer-vector-width=512"))) static int64_t
count_avx512(const sameness *s, const uint64_t *keys, int64_t n) {
    return count_body(s, keys, n);
}
#endif

/* How many different numbers keys[0..n) stand for. */
static int64_t count_different(ac_simd simd, const sameness *s, const uint64_t *keys, int64_t n) {
#if defined(__x86_64__)
    if (simd == AC_SIMD_AVX512) return count_avx512(s, keys, n);
#endif
    (void)simd;
    return count_body(s, keys, n);
}

/* Each range knows in first[] how many different numbers it has by itself. Makes places of that, and
 * takes from a range those that the one before has already. */
static void place(ac_unique *u) {
    int64_t sum = 0;
    uint64_t last = 0;
    bool any = false;
    for (int64_t b = 0; b < u->ranges; b++) {
        const int64_t lo = u->bound[b], hi = u->bound[b + 1];
        int64_t own = u->first[b];
        u->first[b] = sum;
        u->lead[b] = 0;
        if (lo == hi) continue;
        if (any && !differ(&u->same, last, u->keys[lo])) {
            own--;
            u->lead[b] = 1; /* write_ranges makes a count of it */
        }
        last = u->keys[hi - 1];
        any = true;
        sum += own;
    }
    u->first[u->ranges] = sum;
}

/* Where the results of a range go: numbers by the block, because they must be made of keys. */
typedef struct writer {
    ac_unique *u;
    int64_t place; /* of key[0] */
    int64_t have;
    uint64_t key[BLOCK];
} writer;

static void flush(writer *w) {
    const ac_unique *const u = w->u;
    ac_keys_store(u->simd, u->dtype, (ac_u64_at *)w->key, w->have, u->numbers, w->place);
    w->place += w->have;
    w->have = 0;
}

/* Counts are the distance of beginnings: of the next number's and this one's. */
static void write_runs(writer *w, const uint64_t *keys, int64_t n) {
    const ac_unique *const u = w->u;
    const sameness same = u->same;
    int64_t begin = 0;
    for (int64_t at = 0; at < n; at += BLOCK) {
        const int64_t end = smaller(at + BLOCK, n);
        int64_t have = w->have;
        if (u->counts == NULL) {
            for (int64_t i = at; i < end; i++) {
                w->key[have] = keys[i];
                have += i == 0 || differ(&same, keys[i - 1], keys[i]);
            }
            w->have = have;
        } else {
            for (int64_t i = at; i < end; i++) {
                if (i > 0 && !differ(&same, keys[i - 1], keys[i])) continue;
                const int64_t place = w->place + have;
                if (i > 0) u->counts[place - 1] = i - begin;
                begin = i;
                w->key[have++] = keys[i];
            }
            w->have = have;
        }
        flush(w);
    }
    if (u->counts != NULL && n > 0) u->counts[w->place - 1] = n - begin;
}

static void write_weighted(writer *w, const uint64_t *keys, const uint64_t *weight, int64_t n) {
    const ac_unique *const u = w->u;
    for (int64_t i = 0; i < n; i++) {
        if (i == 0 || differ(&u->same, keys[i - 1], keys[i])) {
            if (w->have == BLOCK) flush(w);
            u->counts[w->place + w->have] = 0;
            w->key[w->have++] = keys[i];
        }
        u->counts[w->place + w->have - 1] += (int64_t)weight[i];
    }
    flush(w);
}

static int write_ranges(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    ac_unique *const u = ctx;
    (void)worker;
    for (int64_t b = lo; b < hi; b++) {
        int64_t at = u->bound[b];
        const int64_t end = u->bound[b + 1];
        if (at == end) continue;
        if (u->lead[b] != 0) {
            int64_t lead = 0;
            const uint64_t first = u->keys[at];
            do {
                lead += u->weight != NULL ? (int64_t)u->weight[at] : 1;
                at++;
            } while (at < end && !differ(&u->same, first, u->keys[at]));
            u->lead[b] = lead;
        }
        writer w = {.u = u, .place = u->first[b], .have = 0};
        if (u->weight != NULL && u->counts != NULL) {
            write_weighted(&w, u->keys + at, u->weight + at, end - at);
        } else {
            write_runs(&w, u->keys + at, end - at);
        }
    }
    return 0;
}

int64_t ac_unique_size(const ac_unique *u) { return u->first[u->ranges]; }

int ac_unique_write(ac_unique *u, const ac_exec *ex, void *numbers, ac_i64_at *counts) {
    u->numbers = numbers;
    u->counts = counts;
    const int rc = ac_exec_for(ex, write_ranges, u, u->ranges, 1);
    if (rc == 0 && counts != NULL)
        for (int64_t b = 0; b < u->ranges; b++)
            if (u->lead[b] != 0) counts[u->first[b] - 1] += u->lead[b];
    return rc;
}

/* ---- the three ways -------------------------------------------------------------------------- */

static bool make_bounds(ac_unique *u, int64_t ranges) {
    u->ranges = ranges;
    u->bounds_bytes = (size_t)(3 * ranges + 2) * sizeof *u->bound;
    u->bound = ac_scratch_alloc(u->bounds_bytes);
    if (u->bound == NULL) return false;
    u->first = u->bound + ranges + 1;
    u->lead = u->first + ranges + 1;
    return true;
}

static bool make_keys(ac_unique *u, int64_t count, bool weights) {
    u->keys_bytes = ac_scratch_product((size_t)count, 8);
    u->keys = ac_scratch_alloc(u->keys_bytes);
    if (u->keys != NULL && weights) {
        u->weight_bytes = u->keys_bytes;
        u->weight = ac_scratch_alloc(u->weight_bytes);
    }
    return u->keys != NULL && (!weights || u->weight != NULL);
}

/* Ranges of even size. */
static int cut(ac_unique *u, int64_t count) {
    if (!make_bounds(u, count <= SLICE ? 1 : count / SLICE)) return AC_EXEC_NOMEM;
    for (int64_t b = 0; b <= u->ranges; b++) u->bound[b] = count / u->ranges * b;
    u->bound[u->ranges] = count;
    for (int64_t b = 0; b < u->ranges; b++)
        u->first[b] = count_different(u->simd, &u->same, u->keys + u->bound[b],
                                      u->bound[b + 1] - u->bound[b]);
    place(u);
    return 0;
}

static int by_census(ac_unique *u, const ac_exec *ex, const void *x, int64_t n) {
    const int64_t size = ac_census_size(u->dtype);
    if (!make_keys(u, size, true)) return AC_EXEC_NOMEM;
    const int rc = ac_census(ex, u->dtype, x, n, u->weight);
    if (rc != 0) return rc;
    int64_t found = 0;
    for (int64_t v = 0; v < size; v++) {
        const uint64_t count = u->weight[v];
        u->keys[found] = (uint64_t)v;
        u->weight[found] = count;
        found += count != 0;
    }
    return cut(u, found);
}

static int sort_piece(ac_unique *u, const void *x, int64_t n) {
    const bool is_short = ac_dtype_size(u->dtype) <= 4;
    /* short keys are sorted in the spare room, and need as much again where there is no quicksort */
    const size_t bytes = is_short ? (size_t)(n + ac_sort_words_spare(u->simd, n)) * 4
                                  : (size_t)ac_sort_words_spare(u->simd, n) * 8;
    uint64_t *const spare = ac_scratch_alloc(bytes);
    const bool room = make_keys(u, n, false) && spare != NULL;
    if (room && is_short) {
        uint32_t *const keys = (uint32_t *)spare;
        ac_keys_load32(u->simd, u->dtype, x, 0, n, (ac_u32_at *)keys);
        ac_sort_u32(u->simd, (ac_u32_at *)keys, n, keys + n, 0);
        for (int64_t i = 0; i < n; i++) u->keys[i] = keys[i];
    } else if (room) {
        ac_keys_load(u->simd, u->dtype, AC_KEYS_EXACT, x, 0, n, (ac_u64_at *)u->keys);
        ac_sort_u64(u->simd, (ac_u64_at *)u->keys, n, spare, 0);
    }
    ac_scratch_free(spare, bytes);
    return room ? cut(u, n) : AC_EXEC_NOMEM;
}

typedef struct sorting {
    ac_unique *u;
    ac_partition part;
    ac_scratch *spare; /* one for each worker */
} sorting;

static int sort_range(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    sorting *const s = ctx;
    ac_unique *const u = s->u;
    for (int64_t b = lo; b < hi; b++) {
        uint64_t *const keys = u->keys + u->bound[b];
        const int64_t count = u->bound[b + 1] - u->bound[b];
        if (!ac_classifier_is_equal(&s->part.classifier, (int)b)) {
            const size_t bytes = (size_t)ac_sort_words_spare(u->simd, count) * 8;
            uint64_t *const spare = ac_scratch_room(s->spare + worker, bytes);
            if (spare == NULL) return -AC_EXEC_NOMEM;
            ac_sort_u64(u->simd, (ac_u64_at *)keys, count, spare, 0);
        }
        u->first[b] = count_different(u->simd, &u->same, keys, count);
    }
    return 0;
}

static int by_sort(ac_unique *u, const ac_exec *ex, const void *x, int64_t n) {
    if (n <= ONE_PIECE) return sort_piece(u, x, n);
    sorting s = {.u = u};
    if (!make_keys(u, n, false)) return AC_EXEC_NOMEM;
    int rc = ac_partition_plan(&s.part, ex, u->dtype, AC_KEYS_EXACT, x, n,
                               ac_partition_wanted(ex->simd, 8));
    if (rc == 0) rc = ac_partition_deal(&s.part, ex, (ac_u64_at *)u->keys, NULL, false);
    if (rc == 0 && !make_bounds(u, s.part.classifier.ids)) rc = AC_EXEC_NOMEM;
    if (rc == 0) {
        memcpy(u->bound, s.part.bound, (size_t)(u->ranges + 1) * sizeof *u->bound);
        rc = ac_scratch_for(ex, sort_range, &s, u->ranges, &s.spare);
    }
    ac_partition_end(&s.part);
    if (rc == 0) place(u);
    return rc;
}

#define FULL 1 /* what a range function returns beside -AC_EXEC_NOMEM */

typedef struct hashing {
    ac_unique *u;
    const void *x;
    ac_tally *tally; /* one for each worker; NULL if nothing is counted */
    ac_seen *seen;   /* then these */
    int32_t tables;
} hashing;

static int tally_range(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    const hashing *const h = ctx;
    uint64_t key[BLOCK];
    for (int64_t at = lo; at < hi; at += BLOCK) {
        const int64_t some = smaller(BLOCK, hi - at);
        ac_keys_load(h->u->simd, h->u->dtype, AC_KEYS_EXACT, h->x, at, some, (ac_u64_at *)key);
        const ac_tally_status status = h->tally != NULL ? ac_tally_add(h->tally + worker, key, some)
                                                        : ac_seen_add(h->seen + worker, key, some);
        if (status != AC_TALLY_OK) return status == AC_TALLY_FULL ? FULL : -AC_EXEC_NOMEM;
    }
    return 0;
}

static int weigh_range(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    const hashing *const h = ctx;
    (void)worker;
    for (int64_t i = lo; i < hi; i++) {
        uint64_t sum = 0;
        for (int32_t w = 0; w < h->tables; w++) sum += ac_tally_get(h->tally + w, h->u->keys[i]);
        h->u->weight[i] = sum;
    }
    return 0;
}

/* The keys of all tables, sorted, each once, with what the tables counted together. */
static int join(hashing *h, const ac_exec *ex) {
    const bool counted = h->tally != NULL;
    ac_unique *const u = h->u;
    int64_t total = 0, found = 0;
    for (int32_t w = 0; w < h->tables; w++)
        total += counted ? h->tally[w].used : ac_seen_size(h->seen + w);
    if (!make_keys(u, total + 1, counted)) return AC_EXEC_NOMEM;
    for (int32_t w = 0; w < h->tables; w++)
        found += counted ? ac_tally_keys(h->tally + w, u->keys + found)
                         : ac_seen_keys(h->seen + w, u->keys + found);
    int rc = ac_sort(ex, AC_U64, u->keys, u->keys, total);
    if (rc != 0) return rc;
    found = 0;
    for (int64_t i = 0; i < total; i++) {
        u->keys[found] = u->keys[i];
        found += i + 1 == total || u->keys[i + 1] != u->keys[i];
    }
    /* NaNs that are numbers each for itself: a table cannot say that. */
    if (found > 0 && u->keys[found - 1] > u->same.single_above) return FULL;
    if (counted) rc = ac_exec_for(ex, weigh_range, h, found, 4096);
    return rc == 0 ? cut(u, found) : rc;
}

/* Returns FULL if there are too many different keys. */
static int by_hash(ac_unique *u, const ac_exec *ex, const void *x, int64_t n, int bits,
                   bool counted) {
    hashing h = {.u = u, .x = x, .tables = ex->threads};
    const size_t bytes = (size_t)ex->threads * (counted ? sizeof *h.tally : sizeof *h.seen);
    void *const tables = ac_scratch_alloc(bytes);
    if (tables == NULL) return AC_EXEC_NOMEM;
    if (counted) {
        h.tally = tables;
        for (int32_t w = 0; w < h.tables; w++) ac_tally_init(h.tally + w, u->simd, bits);
    } else { /* a bucket holds twice as many keys */
        h.seen = tables;
        for (int32_t w = 0; w < h.tables; w++) ac_seen_init(h.seen + w, u->simd, bits - 1);
    }
    int rc = ac_exec_for(ex, tally_range, &h, n, GRAIN);
    if (rc == 0) rc = join(&h, ex);
    for (int32_t w = 0; w < h.tables; w++) {
        if (counted) {
            ac_tally_end(h.tally + w);
        } else {
            ac_seen_end(h.seen + w);
        }
    }
    ac_scratch_free(tables, bytes);
    return rc == -AC_EXEC_NOMEM ? AC_EXEC_NOMEM : rc;
}

static void forget(ac_unique *u) {
    ac_scratch_free(u->keys, u->keys_bytes);
    ac_scratch_free(u->weight, u->weight_bytes);
    if (u->bound != NULL) ac_scratch_free(u->bound, u->bounds_bytes);
    u->keys = u->weight = NULL;
    u->bound = NULL;
}

/* The bits of the first tables (of ac_tally.h; of ac_seen.h one more than they have), or 0 if too many numbers seem to be different. Of s keys drawn from d
 * different ones, evenly, about s * s / (2 * d) repeat another. */
static int guess_bits(const ac_unique *u, const void *x, int64_t n, bool counted,
                      uint64_t *sample) {
    const int64_t s = n <= ONE_PIECE ? SMALL_SAMPLE : AC_CLASSIFY_SAMPLES;
    ac_partition_sample(u->simd, u->dtype, AC_KEYS_EXACT, x, n, s, sample);
    ac_sort_u64(u->simd, (ac_u64_at *)sample, s, sample + s, 0);
    int64_t repeats = 0;
    for (int64_t i = 1; i < s; i++) repeats += sample[i] == sample[i - 1];
    /* Some 350,000 different ones, of few numbers an eighth of them, at most 2,000: from there on
     * sorting is faster. A sample of few numbers has some of them twice as well. */
    const int64_t eighth = s * s / 2 * 9 / n;
    if (repeats < (n > ONE_PIECE ? 24 : eighth > 16 ? eighth : 16)) return 0;
    const int64_t different = s - repeats < repeats ? s - repeats : s * s / (2 * repeats);
    /* As small as will do, with an eighth for the guess: they shall stay in the caches. */
    const int64_t room = different + different / 8;
    int bits = AC_TALLY_MIN_BITS;
    while (bits < AC_TALLY_MAX_BITS &&
           (counted ? (int64_t)AC_TALLY_FULLEST << bits : (int64_t)AC_SEEN_FULLEST << (bits - 1)) < room)
        bits++;
    return bits;
}

static int find(ac_unique *u, const ac_exec *ex, const void *x, int64_t n, bool counted,
                ac_unique_way way) {
    if (n <= 0) return make_keys(u, 0, true) ? cut(u, 0) : AC_EXEC_NOMEM;
    if (way == AC_UNIQUE_ANY && n >= ac_census_size(u->dtype) / CENSUS_PART &&
        ac_census_size(u->dtype) != 0)
        return by_census(u, ex, x, n);
    int bits = way == AC_UNIQUE_HASH ? AC_TALLY_MIN_BITS : 0;
    if (way == AC_UNIQUE_ANY && n >= SAMPLE_FROM) {
        const size_t bytes = 2 * AC_CLASSIFY_SAMPLES * sizeof(uint64_t);
        uint64_t *const sample = ac_scratch_alloc(bytes);
        if (sample == NULL) return AC_EXEC_NOMEM;
        bits = guess_bits(u, x, n, counted, sample);
        ac_scratch_free(sample, bytes);
    }
    if (bits != 0) {
        const int rc = by_hash(u, ex, x, n, bits, counted);
        if (rc != FULL || way == AC_UNIQUE_HASH) return rc;
        forget(u);
    }
    return by_sort(u, ex, x, n);
}

int ac_unique_find_by_(const ac_exec *ex, ac_dtype dtype, const void *x, int64_t n, bool counted,
                       bool equal_nan, ac_unique_way way, ac_unique **result) {
    ac_unique *const u = ac_scratch_alloc_zeroed(sizeof *u);
    *result = NULL;
    if (u == NULL) return AC_EXEC_NOMEM;
    u->dtype = dtype;
    u->simd = ex->simd;
    u->same = same_numbers(dtype, equal_nan);
    const int rc = find(u, ex, x, n, counted, way);
    if (rc == 0) {
        *result = u;
    } else {
        ac_unique_free(u);
    }
    return rc;
}

int ac_unique_find(const ac_exec *ex, ac_dtype dtype, const void *x, int64_t n, bool counted,
                   bool equal_nan, ac_unique **result) {
    return ac_unique_find_by_(ex, dtype, x, n, counted, equal_nan, AC_UNIQUE_ANY, result);
}

void ac_unique_free(ac_unique *u) {
    if (u == NULL) return;
    forget(u);
    ac_scratch_free(u, sizeof *u);
}
