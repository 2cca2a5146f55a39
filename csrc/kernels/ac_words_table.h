/* ac_words_table.h - a hash table from words to counts, for one thread.
 *
 * Open addressing, linear probing, at most 5/8 full. A word of up to 16 bytes stands in its slot,
 * so that most words are found with one cache miss and two comparisons; a longer one stands in the
 * table's arena. The table keeps nothing of the text that was counted.
 *
 * slot of a short word { count, length, word[0], word[1] = its bytes, filled up with zeroes }
 * slot of a long word  { count, length, word[0] = hash,  word[1] = address in the arena }
 * free slot            { 0 }
 */
#ifndef AC_WORDS_TABLE_H
#define AC_WORDS_TABLE_H

#include <stdbool.h>
#include <string.h>

#include "kernels/ac_scratch.h"

#define AC_WORD_INLINE 16 /* the longest word that stands in its slot */

typedef struct ac_word_slot {
    uint64_t count;
    uint64_t length;
    uint64_t word[2];
} ac_word_slot;

/* Memory that is given out piece by piece and given back as a whole. */
typedef struct ac_arena_block {
    struct ac_arena_block *next;
    size_t bytes;
} ac_arena_block;

typedef struct ac_words_table {
    ac_word_slot *slots;
    uint64_t capacity; /* a power of two; 0 before the first word */
    uint64_t used;
    ac_arena_block *arena;
    uint8_t *arena_at, *arena_end;
} ac_words_table;

/* A word on its way to the table. */
typedef struct ac_word_key {
    uint64_t hash;
    uint64_t length;
    uint64_t word[2]; /* short: bytes. Long: { hash, address of the bytes } */
} ac_word_key;

/* The bytes of a slot's word; they live as long as the table and, if short, until it next grows. */
AC_INLINE const uint8_t *ac_word_bytes(const ac_word_slot *s) {
    return s->length <= AC_WORD_INLINE ? (const uint8_t *)s->word
                                       : (const uint8_t *)(uintptr_t)s->word[1];
}

AC_INLINE uint64_t ac_mix(uint64_t a, uint64_t b) {
    const unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Seeded, so that nobody who does not know the seed can make words collide. */
AC_INLINE uint64_t ac_word_hash_short(const uint64_t word[2], uint64_t length, uint64_t seed) {
    const uint64_t odd = UINT64_C(0x9E3779B97F4A7C15), other = UINT64_C(0xD1B54A32D192ED03);
    return ac_mix(ac_mix(word[0] ^ seed, word[1] ^ odd ^ length) ^ seed, other);
}

uint64_t ac_word_hash_long(const uint8_t *bytes, uint64_t length, uint64_t seed);

/* Fills *key for the word bytes[0..length), length >= 1. `readable`: bytes from there that may be
 * read, at least length; with 16 or more a short word is loaded without a loop. */
AC_INLINE void ac_word_key_of(ac_word_key *key, const uint8_t *bytes, uint64_t length,
                              int64_t readable, uint64_t seed) {
    static const uint8_t keep[32] = {255, 255, 255, 255, 255, 255, 255, 255,
                                     255, 255, 255, 255, 255, 255, 255, 255};
    key->length = length;
    if (AC_LIKELY(length <= AC_WORD_INLINE)) {
        if (AC_LIKELY(readable >= AC_WORD_INLINE)) {
            uint64_t mask[2];
            memcpy(key->word, bytes, 16);
            memcpy(mask, keep + 16 - length, 16);
            key->word[0] &= mask[0];
            key->word[1] &= mask[1];
        } else {
            key->word[0] = key->word[1] = 0;
            memcpy(key->word, bytes, length);
        }
        key->hash = ac_word_hash_short(key->word, length, seed);
    } else {
        key->hash = ac_word_hash_long(bytes, length, seed);
        key->word[0] = key->hash;
        key->word[1] = (uint64_t)(uintptr_t)bytes;
    }
}

/* The hash of a word that stands in a slot. */
AC_INLINE uint64_t ac_word_slot_hash(const ac_word_slot *s, uint64_t seed) {
    return s->length <= AC_WORD_INLINE ? ac_word_hash_short(s->word, s->length, seed) : s->word[0];
}

/* Where the search for a hash begins; `skip` high bits of it are the same in the whole table. */
AC_INLINE uint64_t ac_words_home(const ac_words_table *t, uint64_t hash, int skip) {
    return (hash << skip) >> (64 - __builtin_ctzll(t->capacity));
}

/* Makes room for `more` new words. False if there is no memory: nothing was changed. */
bool ac_words_table_reserve(ac_words_table *t, uint64_t more, uint64_t seed, int skip);

/* Adds `count` to the word; there must be room for a new one. Long words are copied to the arena,
 * unless `keep` says that their bytes outlive the table. False if there is no memory. */
bool ac_words_table_add(ac_words_table *t, const ac_word_key *key, uint64_t count, int skip,
                        bool keep);

/* The word's slot, or NULL. */
const ac_word_slot *ac_words_table_find(const ac_words_table *t, const ac_word_key *key, int skip);

/* Frees slots and arena. */
void ac_words_table_free(ac_words_table *t);

/* The long words of `from` live as long as `to` from now on; those in `from` still point there. */
void ac_words_table_take_arena(ac_words_table *to, ac_words_table *from);

#endif
