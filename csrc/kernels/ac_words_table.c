/* ac_words_table.c - see ac_words_table.h. The hash is of the multiply-and-fold kind (Wang Yi's
 * wyhash). */
#include "kernels/ac_words_table.h"

#define FIRST_CAPACITY 64
#define BATCH 32 /* slots fetched ahead: more than a core's misses in flight */
#define ARENA_BLOCK ((size_t)64 << 10)

_Static_assert(sizeof(ac_word_slot) == 32, "two slots fill a cache line");

uint64_t ac_word_hash_bytes(const uint8_t *bytes, uint64_t length, uint64_t seed) {
    const uint64_t odd = UINT64_C(0xA0761D6478BD642F), other = UINT64_C(0xE7037ED1A0B428DB);
    uint64_t h = seed ^ length;
    for (uint64_t at = 0; at + 16 < length; at += 16)
        h = ac_mix(ac_load8_(bytes + at) ^ h, ac_load8_(bytes + at + 8) ^ odd);
    h = ac_mix(ac_load8_(bytes + length - 16) ^ h, ac_load8_(bytes + length - 8) ^ other);
    return ac_mix(h ^ seed, other);
}

static uint8_t *arena_take(ac_words_table *t, uint64_t length) {
    if ((uint64_t)(t->arena_end - t->arena_at) < length) {
        const size_t room = length > ARENA_BLOCK / 4 ? (size_t)length : ARENA_BLOCK;
        ac_arena_block *const block = ac_scratch_alloc(sizeof *block + room);
        if (block == NULL) return NULL;
        block->bytes = sizeof *block + room;
        block->next = t->arena;
        t->arena = block;
        if (room != ARENA_BLOCK) return (uint8_t *)(block + 1); /* a block of its own */
        t->arena_at = (uint8_t *)(block + 1);
        t->arena_end = t->arena_at + room;
    }
    uint8_t *const p = t->arena_at;
    t->arena_at += length;
    return p;
}

/* Room for `words`, 7/8 full. */
uint64_t ac_words_table_capacity(uint64_t words) {
    return words < FIRST_CAPACITY / 8 * 7 ? FIRST_CAPACITY : words + words / 7 + 1;
}

void ac_words_table_lend(ac_words_table *t, ac_word_slot *slots, uint64_t capacity, uint8_t *room,
                         uint64_t bytes) {
    t->arena_at = room;
    t->arena_end = room + bytes;
    t->slots = slots;
    t->capacity = capacity;
    t->lent = true;
}

static void free_slots(ac_words_table *t) {
    if (!t->lent) ac_scratch_free(t->slots, t->capacity * sizeof *t->slots);
}

bool ac_words_table_reserve(ac_words_table *t, uint64_t more, uint64_t seed, int skip) {
    const uint64_t wanted = t->used + more;
    if (wanted <= t->capacity - t->capacity / 8) return true;
    /* Growing tables get twice the room they need, small ones four times: moving costs more. */
    uint64_t capacity = ac_words_table_capacity(wanted);
    if (t->capacity != 0) capacity *= t->capacity < 65536 ? 4 : 2;
    ac_word_slot *const slots =
        ac_scratch_alloc_zeroed(ac_scratch_product(capacity, sizeof *slots));
    if (slots == NULL) return false;
    ac_words_table grown = *t;
    grown.slots = slots;
    grown.capacity = capacity;
    for (uint64_t i = 0; i < t->capacity; i++) {
        const ac_word_slot *const s = &t->slots[i];
        if (s->head == 0) continue;
        uint64_t at = ac_words_home(&grown, ac_word_hash(s, seed), skip);
        while (slots[at].head != 0) at = at + 1 == capacity ? 0 : at + 1;
        slots[at] = *s;
    }
    grown.lent = false;
    free_slots(t);
    *t = grown;
    return true;
}

/* Adds the count of *word to the table, where the search for it begins at *s. */
AC_INLINE bool add_from(ac_words_table *t, ac_word_slot *s, const ac_word_slot *word, bool keep) {
    while (s->head != 0) {
        if (AC_LIKELY(ac_word_same(s, word))) {
            s->head += word->head & ~UINT64_C(255);
            return true;
        }
        if (++s == t->slots + t->capacity) s = t->slots;
    }
    uint64_t second = word->word[1];
    if (ac_word_is_long(word) && !keep) {
        uint8_t *const bytes = arena_take(t, word->word[2]);
        if (bytes == NULL) return false;
        memcpy(bytes, ac_word_bytes(word), word->word[2]);
        second = (uint64_t)(uintptr_t)bytes;
    }
    *s = *word;
    s->word[1] = second;
    t->used++;
    return true;
}

bool ac_words_table_add(ac_words_table *t, const ac_word_slot *word, uint64_t hash, int skip,
                        bool keep) {
    return add_from(t, &t->slots[ac_words_home(t, hash, skip)], word, keep);
}

bool ac_words_table_add_many(ac_words_table *t, const ac_word_slot *words, int64_t n,
                             uint64_t seed, int skip, bool keep) {
    const ac_word_slot *word[BATCH];
    uint64_t hash[BATCH];
    for (int64_t at = 0; at < n;) {
        int some = 0;
        for (; at < n && some < BATCH; at++) {
            if (words[at].head == 0) continue;
            word[some] = &words[at];
            hash[some++] = ac_word_hash(&words[at], seed);
        }
        if (!ac_words_table_reserve(t, (uint64_t)some, seed, skip)) return false;
        ac_word_slot *home[BATCH];
        for (int i = 0; i < some; i++) {
            home[i] = &t->slots[ac_words_home(t, hash[i], skip)];
            __builtin_prefetch(home[i], 1);
            if (ac_word_is_long(word[i])) __builtin_prefetch(ac_word_bytes(word[i]));
        }
        for (int i = 0; i < some; i++)
            if (!add_from(t, home[i], word[i], keep)) return false;
    }
    return true;
}

const ac_word_slot *ac_words_table_find(const ac_words_table *t, const ac_word_slot *word,
                                        uint64_t hash, int skip) {
    if (t->capacity == 0) return NULL;
    uint64_t at = ac_words_home(t, hash, skip);
    for (; t->slots[at].head != 0; at = at + 1 == t->capacity ? 0 : at + 1)
        if (ac_word_same(&t->slots[at], word)) return &t->slots[at];
    return NULL;
}

void ac_words_table_free(ac_words_table *t) {
    free_slots(t);
    while (t->arena != NULL) {
        ac_arena_block *const next = t->arena->next;
        ac_scratch_free(t->arena, t->arena->bytes);
        t->arena = next;
    }
    memset(t, 0, sizeof *t);
}

void ac_words_table_take_arena(ac_words_table *to, ac_words_table *from) {
    ac_arena_block **end = &from->arena;
    while (*end != NULL) end = &(*end)->next;
    *end = to->arena;
    to->arena = from->arena;
    from->arena = NULL;
    from->arena_at = from->arena_end = NULL;
}
