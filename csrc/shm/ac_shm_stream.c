/* ac_shm_stream.c - see ac_shm_stream.h. */
#include "shm/ac_shm_stream.h"

#include <string.h>

#define BITS 64u

static bool bit_get(const uint64_t *bits, uint32_t i) { return bits[i / BITS] >> (i % BITS) & 1; }
static void bit_set(uint64_t *bits, uint32_t i) { bits[i / BITS] |= UINT64_C(1) << (i % BITS); }
static void bit_clear(uint64_t *bits, uint32_t i) { bits[i / BITS] &= ~(UINT64_C(1) << (i % BITS)); }

static uint32_t words_for(uint32_t count) { return (count + BITS - 1) / BITS; }

size_t ac_shm_stream_table_bytes(uint32_t count) {
    const size_t table = sizeof(uint32_t) * (size_t)ac_ceil_pow2_u64(count);
    return (table + 7) / 8 * 8 + 2 * sizeof(uint64_t) * words_for(count);
}

void ac_shm_stream_open(ac_shm_stream *s, const ac_shm_region *region, ac_shm_stream_shared *shared,
                        void *tables, uint8_t *data, uint32_t shift, uint32_t count,
                        uint32_t spares) {
    const uint32_t slots = (uint32_t)ac_ceil_pow2_u64(count);
    uint8_t *const at = tables;
    const size_t bits_at = (sizeof(uint32_t) * (size_t)slots + 7) / 8 * 8;
    *s = (ac_shm_stream){
        .region = region,
        .shared = shared,
        .segment_of = tables,
        .used = (uint64_t *)(void *)(at + bits_at),
        .backed_bits = (uint64_t *)(void *)(at + bits_at) + words_for(count),
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
    return (size_t)(s->data - s->region->base) + ((size_t)physical << s->shift);
}

/* The lowest free segment, or s->count. A free segment that has memory is below `high`. */
static uint32_t lowest_free(const ac_shm_stream *s) {
    const uint32_t words = words_for(s->count);
    for (uint32_t w = 0; w < words; w++) {
        if (s->used[w] == UINT64_MAX) continue;
        const uint32_t i = w * BITS + (uint32_t)__builtin_ctzll(~s->used[w]);
        return i < s->count ? i : s->count;
    }
    return s->count;
}

static void reclaim(ac_shm_stream *s, uint64_t head) {
    const uint64_t until = head >> s->shift;
    uint64_t logical = ac_load_relaxed(&s->shared->reclaimed);
    for (; logical < until; logical++) {
        uint32_t physical;
        if (lookup(s, logical, &physical)) bit_clear(s->used, physical);
    }
    ac_store_relaxed(&s->shared->reclaimed, logical);
}

/* Drops the memory of the highest free segments until `spares` of them still have theirs. */
static void trim(ac_shm_stream *s) {
    ac_shm_stream_shared *const sh = s->shared;
    const uint32_t words = words_for(sh->high < s->count ? sh->high : s->count);
    uint32_t idle = 0;
    for (uint32_t w = 0; w < words; w++)
        idle += (uint32_t)__builtin_popcountll(s->backed_bits[w] & ~s->used[w]);
    for (uint32_t w = words; w-- > 0 && idle > s->spares;) {
        uint64_t free_bits;
        while (idle > s->spares && (free_bits = s->backed_bits[w] & ~s->used[w]) != 0) {
            const uint32_t i = w * BITS + (BITS - 1 - (uint32_t)__builtin_clzll(free_bits));
            /* Before the memory goes: a successor of ours backs it again, at worst needlessly. */
            bit_clear(s->backed_bits, i);
            ac_fence_compiler();
            (void)ac_shm_region_drop(s->region, offset_of(s, i), (size_t)1 << s->shift);
            ac_store_relaxed(&sh->backed, ac_load_relaxed(&sh->backed) - 1);
            idle--;
        }
    }
    while (sh->high > 0 && !bit_get(s->backed_bits, sh->high - 1) &&
           !bit_get(s->used, sh->high - 1))
        sh->high--;
}

/* Gives the next logical segment a physical one with memory under it. */
static ac_stream_status map_next(ac_shm_stream *s) {
    ac_shm_stream_shared *const sh = s->shared;
    const uint32_t physical = lowest_free(s);
    if (physical == s->count) return AC_STREAM_LIMIT;
    if (!bit_get(s->backed_bits, physical)) {
        if (ac_shm_region_back(s->region, offset_of(s, physical), (size_t)1 << s->shift) != 0)
            return AC_STREAM_NOMEM;
        if (physical >= sh->high) sh->high = physical + 1;
        bit_set(s->backed_bits, physical);
        ac_store_relaxed(&sh->backed, ac_load_relaxed(&sh->backed) + 1);
    }
    bit_set(s->used, physical);
    s->segment_of[sh->mapped & s->table_mask] = physical;
    sh->mapped++;
    return AC_STREAM_OK;
}

/* Frees what was mapped beyond `tail` and never written. */
static void unmap_beyond(ac_shm_stream *s, uint64_t tail) {
    const uint64_t keep = (tail + ((UINT64_C(1) << s->shift) - 1)) >> s->shift;
    while (s->shared->mapped > keep) {
        s->shared->mapped--;
        uint32_t physical;
        if (lookup(s, s->shared->mapped, &physical)) bit_clear(s->used, physical);
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
    trim(s);
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

void ac_shm_stream_tidy(ac_shm_stream *s, uint64_t head) {
    reclaim(s, head);
    trim(s);
}

void ac_shm_stream_rebuild(ac_shm_stream *s, uint64_t head, uint64_t tail) {
    ac_shm_stream_shared *const sh = s->shared;
    const uint64_t first = head >> s->shift;
    const uint64_t end = (tail + ((UINT64_C(1) << s->shift) - 1)) >> s->shift;
    sh->mapped = end;
    ac_store_relaxed(&sh->reclaimed, first);
    memset(s->used, 0, sizeof(uint64_t) * words_for(s->count));
    for (uint64_t logical = first; logical < end; logical++) {
        uint32_t physical;
        if (lookup(s, logical, &physical)) bit_set(s->used, physical);
    }
    uint64_t backed = 0;
    sh->high = 0;
    for (uint32_t i = 0; i < s->count; i++) {
        if (!bit_get(s->backed_bits, i) && !bit_get(s->used, i)) continue;
        backed += bit_get(s->backed_bits, i);
        sh->high = i + 1;
    }
    ac_store_relaxed(&sh->backed, backed);
}
