/* ac_words_table.h - a hash table from words to counts, for one thread.
 *
 * Open addressing, linear probing, at most 7/8 full. A word of up to 24 bytes stands in its slot,
 * so that most words are found with one cache miss and a few comparisons; a longer one stands in
 * the table's arena. The table keeps nothing of the text that was counted.
 *
 * slot of a short word { count, length, bytes[0..24) filled up with zeroes }
 * slot of a long word  { count, AC_WORD_LONG, hash, address of the bytes, length }
 * free slot            { 0, 0, ... }
 */
#ifndef AC_WORDS_TABLE_H
#define AC_WORDS_TABLE_H

#include <stdbool.h>
#include <string.h>

#include "kernels/ac_scratch.h"

#define AC_WORD_INLINE 24 /* the longest word that stands in its slot */
#define AC_WORD_LONG 255  /* the tag of all longer ones */

/* head { count, tag }: the tag, which is the length of a short word, in the lowest eight bits. */
typedef struct ac_word_slot {
    uint64_t head;
    uint64_t word[3];
} ac_word_slot;

AC_INLINE uint64_t ac_word_count(const ac_word_slot *s) { return s->head >> 8; }
AC_INLINE bool ac_word_is_long(const ac_word_slot *s) { return (uint8_t)s->head == AC_WORD_LONG; }
AC_INLINE uint64_t ac_word_length(const ac_word_slot *s) {
    return ac_word_is_long(s) ? s->word[2] : (uint8_t)s->head;
}

/* The bytes of a slot's word; they live as long as the slot, if long as long as the table. */
AC_INLINE const uint8_t *ac_word_bytes(const ac_word_slot *s) {
    return ac_word_is_long(s) ? (const uint8_t *)(uintptr_t)s->word[1] : (const uint8_t *)s->word;
}

/* True if both slots hold the same word, whatever their counts. Long words' hashes are equal
 * then. */
AC_INLINE bool ac_word_same(const ac_word_slot *a, const ac_word_slot *b) {
    const uint64_t differ = (a->word[0] ^ b->word[0]) | (uint8_t)(a->head ^ b->head) |
                            (a->word[2] ^ b->word[2]);
    if (AC_LIKELY(!ac_word_is_long(b))) return (differ | (a->word[1] ^ b->word[1])) == 0;
    return differ == 0 && (a->word[1] == b->word[1] ||
                           memcmp(ac_word_bytes(a), ac_word_bytes(b), b->word[2]) == 0);
}

/* Memory that is given out piece by piece and given back as a whole. */
typedef struct ac_arena_block {
    struct ac_arena_block *next;
    size_t bytes;
} ac_arena_block;

typedef struct ac_words_table {
    ac_word_slot *slots;
    uint64_t capacity; /* 0 before the first word */
    uint64_t used;
    bool lent; /* slots belong to someone else and are not freed */
    ac_arena_block *arena;
    uint8_t *arena_at, *arena_end;
} ac_words_table;

AC_INLINE uint64_t ac_load8_(const uint8_t *p) {
    uint64_t w;
    memcpy(&w, p, sizeof w);
    return w;
}

AC_INLINE uint64_t ac_mix(uint64_t a, uint64_t b) {
    const unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t ac_word_hash_bytes(const uint8_t *bytes, uint64_t length, uint64_t seed);

/* Seeded, so that nobody who does not know the seed can make words collide. */
AC_INLINE uint64_t ac_word_hash(const ac_word_slot *s, uint64_t seed) {
    const uint64_t odd = UINT64_C(0x9E3779B97F4A7C15), other = UINT64_C(0xD1B54A32D192ED03);
    if (AC_UNLIKELY(ac_word_is_long(s))) return s->word[0];
    return ac_mix(ac_mix(s->word[0] ^ seed, s->word[1] ^ odd) ^ (uint8_t)s->head,
                  s->word[2] ^ seed ^ other);
}

/* Fills *s for one occurrence of the word bytes[0..length), length >= 1, and returns its hash. The
 * bytes of a long word stay where they are. `readable`: bytes from there that may be read, at least
 * length; with AC_WORD_INLINE or more a short word is loaded without a loop. */
AC_INLINE uint64_t ac_word_make(ac_word_slot *s, const uint8_t *bytes, uint64_t length,
                                int64_t readable, uint64_t seed) {
    static const uint8_t keep[2 * AC_WORD_INLINE] = {
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
    if (AC_LIKELY(length <= AC_WORD_INLINE)) {
        if (AC_LIKELY(readable >= AC_WORD_INLINE)) {
            /* one by one: the hash takes them from registers, not back from the slot */
            const uint8_t *const mask = keep + AC_WORD_INLINE - length;
            s->word[0] = ac_load8_(bytes) & ac_load8_(mask);
            s->word[1] = ac_load8_(bytes + 8) & ac_load8_(mask + 8);
            s->word[2] = ac_load8_(bytes + 16) & ac_load8_(mask + 16);
        } else {
            memset(s->word, 0, sizeof s->word);
            memcpy(s->word, bytes, length);
        }
        s->head = 1 << 8 | length;
    } else {
        s->head = 1 << 8 | AC_WORD_LONG;
        s->word[0] = ac_word_hash_bytes(bytes, length, seed);
        s->word[1] = (uint64_t)(uintptr_t)bytes;
        s->word[2] = length;
    }
    return ac_word_hash(s, seed);
}

/* Where the search for a hash begins: the hash as a fraction of the capacity, which so need not be
 * a power of two. The `skip` highest bits are the same in the whole table and do not count. */
AC_INLINE uint64_t ac_words_home(const ac_words_table *t, uint64_t hash, int skip) {
    return (uint64_t)((unsigned __int128)(hash << skip) * t->capacity >> 64);
}

/* Makes room for `more` new words. False if there is no memory: nothing was changed. */
bool ac_words_table_reserve(ac_words_table *t, uint64_t more, uint64_t seed, int skip);

/* The capacity that reserve gives an empty table for `words` words. */
uint64_t ac_words_table_capacity(uint64_t words);

/* Gives an empty table free slots that someone else owns, as many as such a capacity, and `bytes` of room
 * for long words. */
void ac_words_table_lend(ac_words_table *t, ac_word_slot *slots, uint64_t capacity, uint8_t *room,
                         uint64_t bytes);

/* Adds the count of *word, whose hash is given; there must be room for a new word. A long one is
 * copied to the arena, unless `keep` says that its bytes outlive the table. False if there is no
 * memory. */
bool ac_words_table_add(ac_words_table *t, const ac_word_slot *word, uint64_t hash, int skip,
                        bool keep);

/* The same for many, free slots among them left out, with their places fetched ahead; makes
 * room. */
bool ac_words_table_add_many(ac_words_table *t, const ac_word_slot *words, int64_t n,
                             uint64_t seed, int skip, bool keep);

/* The word's slot, or NULL. */
const ac_word_slot *ac_words_table_find(const ac_words_table *t, const ac_word_slot *word,
                                        uint64_t hash, int skip);

/* Frees slots and arena. */
void ac_words_table_free(ac_words_table *t);

/* The long words of `from` live as long as `to` from now on; those in `from` still point there. */
void ac_words_table_take_arena(ac_words_table *to, ac_words_table *from);

#endif
