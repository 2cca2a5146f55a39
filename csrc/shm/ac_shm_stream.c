/* ac_shm_stream.c - see ac_shm_stream.h. */
#include "shm/ac_shm_stream.h"

#include <string.h>

/* A word of `used` and a word of `backed` bits for 64 physical segments lie side by side. */
#define BITS 64u
#define PAGE 4096u /* the least there is; a larger page is backed more often than needed */

static uint64_t *used_word(const ac_shm_stream *s, uint32_t w) { return s->bits + 2 * (size_t)w; }
static uint64_t *backed_word(const ac_shm_stream *s, uint32_t w) { return used_word(s, w) + 1; }
static uint64_t bit(uint32_t i) { return UINT64_C(1) << (i % BITS); }

static bool is_used(const ac_shm_stream *s, uint32_t i) { return *used_word(s, i / BITS) & bit(i); }
static bool is_backed(const ac_shm_stream *s, uint32_t i) {
    return *backed_word(s, i / BITS) & bit(i);
}
static void set_used(ac_shm_stream *s, uint32_t i) { *used_word(s, i / BITS) |= bit(i); }
static void set_free(ac_shm_stream *s, uint32_t i) { *used_word(s, i / BITS) &= ~bit(i); }

static uint32_t words_for(uint32_t count) { return (count + BITS - 1) / BITS; }

static size_t bits_at(uint32_t count) {
    const size_t table = sizeof(uint32_t) * (size_t)ac_ceil_pow2_u64(count);
    return (table + 15) / 16 * 16;
}

size_t ac_shm_stream_table_bytes(uint32_t count) {
    return bits_at(count) + 2 * sizeof(uint64_t) * words_for(count);
}

void ac_shm_stream_open(ac_shm_stream *s, const ac_shm_region *region, ac_shm_stream_shared *shared,
                        void *tables, uint8_t *data, uint32_t shift, uint32_t count,
                        uint32_t spares) {
    const uint32_t slots = (uint32_t)ac_ceil_pow2_u64(count);
    uint8_t *const at = tables;
    *s = (ac_shm_stream){
        .region = *region,
        .shared = shared,
        .segment_of = tables,
        .bits = (uint64_t *)(void *)(at + bits_at(count)),
        .data = data,
        .shift = shift,
        .count = count,
        .table_mask = slots - 1,
        .spares = spares,
    };
}

/* The physical segment of a logical one, checked: the table lies where peers can write. */
static bool lookup(const ac_shm_stream *s, uint64_t logical, uint32_t *physical) {
    *physical = s->segment_of[logical & s->table_mask];
    return *physical < s->count;
}

static size_t offset_of(const ac_shm_stream *s, uint32_t physical) {
    return (size_t)(s->data - s->region.base) + ((size_t)physical << s->shift);
}

/* `high`, checked. */
static uint32_t high(const ac_shm_stream *s) {
    return s->shared->high < s->count ? s->shared->high : s->count;
}

/* The lowest free segment, or s->count. Words of bits from `high` up were never touched. */
static uint32_t lowest_free(const ac_shm_stream *s) {
    const uint32_t end = high(s);
    for (uint32_t w = 0; w < words_for(end); w++) {
        const uint64_t used = *used_word(s, w);
        if (used == UINT64_MAX) continue;
        const uint32_t i = w * BITS + (uint32_t)__builtin_ctzll(~used);
        return i < end ? i : end;
    }
    return end;
}

static void reclaim(ac_shm_stream *s, uint64_t head) {
    const uint64_t until = head >> s->shift;
    uint64_t logical = ac_load_relaxed(&s->shared->reclaimed);
    if (until - logical > s->count) logical = until - s->count; /* scribbled over: must end */
    for (; logical < until; logical++) {
        uint32_t physical;
        if (lookup(s, logical, &physical)) set_free(s, physical);
    }
    ac_store_relaxed(&s->shared->reclaimed, logical);
}

/* One drop costs some 7 us. A put pays for few of them, a tidier lets the lock go in between. */
#define DROPS_PER_PUT 8u
#define DROPS_PER_TIDY 128u

/* Drops the memory of the highest free segments until `spares` of them still have theirs, but of
 * `most` at most. Returns whether there is more to drop. */
static bool trim(ac_shm_stream *s, uint32_t most) {
    ac_shm_stream_shared *const sh = s->shared;
    uint32_t end = high(s);
    uint32_t idle = 0;
    for (uint32_t w = 0; w < words_for(end); w++)
        idle += (uint32_t)__builtin_popcountll(*backed_word(s, w) & ~*used_word(s, w));
    for (; end > 0 && idle > s->spares && most > 0; end--) {
        const uint32_t i = end - 1;
        if (is_used(s, i) || !is_backed(s, i)) continue;
        /* Before the memory goes: a successor of ours backs it again, at worst needlessly. */
        *backed_word(s, i / BITS) &= ~bit(i);
        ac_fence_compiler();
        (void)ac_shm_region_drop(&s->region, offset_of(s, i), (size_t)1 << s->shift);
        ac_store_relaxed(&sh->backed, ac_load_relaxed(&sh->backed) - 1);
        idle--;
        most--;
    }
    end = high(s);
    while (end > 0 && !is_backed(s, end - 1) && !is_used(s, end - 1)) end--;
    sh->high = end;
    return idle > s->spares;
}

/* Backs the page in which `at` lies, if `at` is the first thing that is used of it. */
static bool back_table(const ac_shm_stream *s, const void *at) {
    const size_t offset = (size_t)((const uint8_t *)at - s->region.base);
    const size_t page = offset / PAGE * PAGE;
    return ac_shm_region_back(&s->region, page, PAGE) == 0;
}

/* Gives the next logical segment a physical one with memory under it. */
static ac_stream_status map_next(ac_shm_stream *s) {
    ac_shm_stream_shared *const sh = s->shared;
    const uint32_t physical = lowest_free(s);
    uint32_t *const slot = &s->segment_of[sh->mapped & s->table_mask];
    if (physical == s->count) return AC_STREAM_LIMIT;
    /* The tables of a large queue are mostly never touched: they get memory as they are. */
    if (((uintptr_t)slot % PAGE == 0 || sh->mapped == 0) && !back_table(s, slot))
        return AC_STREAM_NOMEM;
    if (physical >= high(s)) {
        if (physical % BITS == 0 && !back_table(s, used_word(s, physical / BITS)))
            return AC_STREAM_NOMEM;
        sh->high = physical + 1; /* first: a successor finds every set bit below it */
    }
    if (!is_backed(s, physical)) {
        if (ac_shm_region_back(&s->region, offset_of(s, physical), (size_t)1 << s->shift) != 0)
            return AC_STREAM_NOMEM;
        *backed_word(s, physical / BITS) |= bit(physical);
        ac_store_relaxed(&sh->backed, ac_load_relaxed(&sh->backed) + 1);
    }
    set_used(s, physical);
    *slot = physical;
    sh->mapped++;
    return AC_STREAM_OK;
}

/* Frees what was mapped beyond `tail` and never written. */
static void unmap_beyond(ac_shm_stream *s, uint64_t tail) {
    const uint64_t keep = (tail + ((UINT64_C(1) << s->shift) - 1)) >> s->shift;
    if (s->shared->mapped - keep > s->count) s->shared->mapped = keep; /* scribbled over */
    while (s->shared->mapped > keep) {
        s->shared->mapped--;
        uint32_t physical;
        if (lookup(s, s->shared->mapped, &physical)) set_free(s, physical);
    }
}

ac_stream_status ac_shm_stream_reserve(ac_shm_stream *s, uint64_t head, uint64_t tail,
                                       uint64_t end) {
    if (AC_LIKELY(end <= s->shared->mapped << s->shift)) return AC_STREAM_OK;
    reclaim(s, head);
    ac_stream_status status = AC_STREAM_OK;
    if (((end - 1) >> s->shift) - (head >> s->shift) >= s->count) status = AC_STREAM_LIMIT;
    while (status == AC_STREAM_OK && end > s->shared->mapped << s->shift) status = map_next(s);
    if (status != AC_STREAM_OK) unmap_beyond(s, tail);
    (void)trim(s, DROPS_PER_PUT);
    return status;
}

void ac_shm_stream_write(const ac_shm_stream *s, uint64_t at, const void *from, size_t bytes) {
    const uint64_t size = UINT64_C(1) << s->shift;
    const uint8_t *source = from;
    while (bytes > 0) {
        const uint64_t inside = at & (size - 1);
        const size_t n = bytes < size - inside ? bytes : (size_t)(size - inside);
        uint32_t physical;
        if (!lookup(s, at >> s->shift, &physical)) return; /* scribbled over: lost anyway */
        memcpy(s->data + ((size_t)physical << s->shift) + inside, source, n);
        source += n;
        at += n;
        bytes -= n;
    }
}

const uint8_t *ac_shm_stream_peek(const ac_shm_stream *s, uint64_t at) {
    uint32_t physical;
    if (!lookup(s, at >> s->shift, &physical)) return NULL;
    return s->data + ((size_t)physical << s->shift) + (at & ((UINT64_C(1) << s->shift) - 1));
}

bool ac_shm_stream_read(const ac_shm_stream *s, uint64_t at, void *to, size_t bytes) {
    const uint64_t size = UINT64_C(1) << s->shift;
    uint8_t *target = to;
    while (bytes > 0) {
        const uint64_t inside = at & (size - 1);
        const size_t n = bytes < size - inside ? bytes : (size_t)(size - inside);
        const uint8_t *const source = ac_shm_stream_peek(s, at);
        if (source == NULL) return false;
        memcpy(target, source, n);
        target += n;
        at += n;
        bytes -= n;
    }
    return true;
}

bool ac_shm_stream_tidy(ac_shm_stream *s, uint64_t head) {
    reclaim(s, head);
    return trim(s, DROPS_PER_TIDY);
}

void ac_shm_stream_rebuild(ac_shm_stream *s, uint64_t head, uint64_t tail) {
    ac_shm_stream_shared *const sh = s->shared;
    const uint64_t first = head >> s->shift;
    const uint64_t end = (tail + ((UINT64_C(1) << s->shift) - 1)) >> s->shift;
    sh->mapped = end;
    ac_store_relaxed(&sh->reclaimed, first);
    for (uint32_t w = 0; w < words_for(high(s)); w++) *used_word(s, w) = 0;
    for (uint64_t logical = first; logical < end; logical++) {
        uint32_t physical;
        if (lookup(s, logical, &physical)) set_used(s, physical);
    }
    uint64_t backed = 0;
    for (uint32_t w = 0; w < words_for(high(s)); w++)
        backed += (uint64_t)__builtin_popcountll(*backed_word(s, w));
    ac_store_relaxed(&sh->backed, backed);
}
