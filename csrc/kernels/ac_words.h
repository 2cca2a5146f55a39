/* ac_words.h - counts the words of one or many texts.
 *
 * A word is a run of bytes that are not whitespace (ac_words_scan.h); words do not span texts. The
 * result owns its words: the texts may go once ac_words_count has returned.
 *
 *     ac_words *words;
 *     rc = ac_words_count(&ex, texts, count, 1, INT64_MAX, seed, &words);
 *     if (rc == 0) { n = ac_words_get(words, "the", 3); ac_words_free(words); }
 */
#ifndef AC_WORDS_H
#define AC_WORDS_H

#include <stdbool.h>

#include "sched/ac_exec.h"

typedef struct ac_text {
    const uint8_t *bytes;
    int64_t size;
} ac_text;

typedef struct ac_word {
    const uint8_t *bytes; /* lives until the result is changed or freed */
    uint64_t length;
    uint64_t count;
} ac_word;

typedef struct ac_words ac_words;

/* Counts the words of `shortest` to `longest` bytes. Any seed gives the same counts; one that
 * others cannot guess keeps them from making words that collide. Returns 0, AC_STOPPED_BY_POLL or
 * AC_EXEC_NOMEM. Memory: some 80 bytes for each different word, at most 35 MB a thread beside, and
 * the bytes of words that have more than 24. */
int ac_words_count(const ac_exec *ex, const ac_text *texts, int64_t count, uint64_t shortest,
                   uint64_t longest, uint64_t seed, ac_words **result);

/* A result without words; NULL if there is no memory. */
ac_words *ac_words_new(uint64_t seed);
void ac_words_free(ac_words *w);

uint64_t ac_words_distinct(const ac_words *w);
uint64_t ac_words_total(const ac_words *w);

/* How often a word was counted; 0 if never. */
uint64_t ac_words_get(const ac_words *w, const uint8_t *bytes, uint64_t length);

/* How many of the words counted have this length. */
uint64_t ac_words_of_length(const ac_words *w, uint64_t length);

/* Adds `count` (> 0) to a word of at least one byte. False if there is no memory. Not
 * thread-safe. */
bool ac_words_add(ac_words *w, const uint8_t *bytes, uint64_t length, uint64_t count);

/* Walks all words in no particular order, from *cursor = 0 until it returns false. */
bool ac_words_next(const ac_words *w, uint64_t *cursor, ac_word *word);

/* Writes the `most` words with the highest counts (equal counts: in the order of their bytes) to
 * top[], best first, and returns how many those are: min(most, distinct). */
uint64_t ac_words_top(const ac_words *w, uint64_t most, ac_word *top);

#endif
