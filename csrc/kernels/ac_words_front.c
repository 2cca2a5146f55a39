/* ac_words_front.c - see ac_words_front.h. */
#include "kernels/ac_words_front.h"

#include <stdlib.h>

/* Blocks are had by the 128 KB, later by the 4 MB, which are two huge pages to the byte. */
#define POOL_BLOCKS_FIRST ((int64_t)32)
#define POOL_BLOCKS ((int64_t)(AC_SCRATCH_HUGE / sizeof(ac_front_block)))
_Static_assert(AC_SCRATCH_HUGE % sizeof(ac_front_block) == 0, "blocks fill huge pages");

bool ac_words_front_init(ac_words_front *f, const ac_sched_api *api, int64_t bytes, uint64_t seed) {
    memset(f, 0, sizeof *f);
    f->api = api;
    uint64_t sets = AC_FRONT_MIN_SETS;
    while (sets < AC_FRONT_MAX_SETS && (int64_t)sets * 16 < bytes) sets *= 2;
    /* The largest front comes in huge pages from the shelf: small ones cost a fault each, every time. */
    const size_t bytes_used = sets * 2 * sizeof *f->slots;
    f->room = ac_scratch_borrow(api, sets < AC_FRONT_MAX_SETS ? bytes_used : AC_SCRATCH_HUGE);
    f->slots = f->room.data;
    if (f->slots != NULL) memset(f->slots, 0, bytes_used);
    f->sets = sets;
    f->shift = 64 - __builtin_ctzll(sets);
    f->seed = seed;
    return f->slots != NULL;
}

void ac_words_front_free(ac_words_front *f) {
    ac_scratch_return(f->api, f->room);
    for (int64_t i = 0; i < f->pools; i++) ac_scratch_return(f->api, f->pool[i]);
    free(f->pool);
    for (int p = 0; p < AC_FRONT_PARTS; p++) ac_words_table_free(&f->part[p].table);
    memset(f, 0, sizeof *f);
}

static ac_front_block *new_block(ac_words_front *f) {
    if (f->spare != NULL) {
        ac_front_block *const block = f->spare;
        f->spare = block->next;
        return block;
    }
    if (f->pool_room == 0) {
        const int64_t blocks = f->pools == 0 ? POOL_BLOCKS_FIRST : POOL_BLOCKS;
        const size_t bytes = (size_t)blocks * sizeof(ac_front_block);
        ac_scratch *const grown = realloc(f->pool, ((size_t)f->pools + 1) * sizeof *grown);
        if (grown == NULL) return NULL;
        f->pool = grown;
        f->pool[f->pools] = ac_scratch_borrow(f->api, bytes);
        if (f->pool[f->pools].data == NULL) return NULL;
        f->pools++;
        f->pool_room = blocks;
    }
    return (ac_front_block *)f->pool[f->pools - 1].data + --f->pool_room;
}

/* Counts a part's list. Its blocks go to *spare to be used again; NULL drops them: at the end
 * several threads collect parts of one front. */
static bool drain(const ac_words_front *f, ac_front_part *part, ac_words_table *to, int skip,
                  ac_front_block **spare) {
    while (part->blocks != NULL) {
        ac_front_block *const block = part->blocks;
        if (!ac_words_table_add_many(to, block->slot, block->used, f->seed, skip, false))
            return false;
        part->blocks = block->next;
        if (spare != NULL) {
            block->next = *spare;
            *spare = block;
        }
    }
    part->listed = 0;
    part->long_bytes -= part->long_listed;
    part->long_listed = 0;
    return true;
}

/* The highest bits of a hash say both. */
static ac_front_part *part_of_set(ac_words_front *f, const ac_word_slot *set) {
    return &f->part[(uint64_t)(set - f->slots) / 2 * AC_FRONT_PARTS >> (64 - f->shift)];
}

static bool push_out(ac_words_front *f, ac_front_part *part, const ac_word_slot *s) {
    ac_front_block *block = part->blocks;
    if (block == NULL || block->used == (int64_t)(sizeof block->slot / sizeof *block->slot)) {
        if (part->listed >= AC_FRONT_LIST &&
            !drain(f, part, &part->table, AC_FRONT_PART_BITS, &f->spare))
            return false;
        block = new_block(f);
        if (block == NULL) return false;
        block->next = part->blocks;
        block->used = 0;
        part->blocks = block;
    }
    block->slot[block->used++] = *s;
    part->listed++;
    if (ac_word_is_long(s)) part->long_listed += s->word[2];
    return true;
}

bool ac_words_front_add_other_(ac_words_front *f, ac_word_slot *set, const ac_word_slot *word) {
    if (ac_word_is_long(word))
        for (int k = 0; k < 2; k++)
            if (ac_word_same(&set[k], word)) {
                set[k].head += word->head & ~UINT64_C(255);
                return true;
            }
    /* The rarer one goes; of two equally rare ones the second. A free slot counts nothing. Without a branch,
     * because nobody can foresee it either. */
    const int rarer = (set[0].head != 0) & (ac_word_count(&set[0]) >= ac_word_count(&set[1]));
    ac_word_slot *const to = &set[rarer];
    ac_front_part *const part = part_of_set(f, set);
    if (AC_LIKELY(to->head != 0)) {
        if (!push_out(f, part, to)) return false;
    } else {
        part->standing++;
    }
    if (AC_UNLIKELY(ac_word_is_long(word))) part->long_bytes += word->word[2];
    *to = *word;
    return true;
}

int64_t ac_words_front_records(const ac_words_front *f, int part) {
    const ac_front_part *const p = &f->part[part];
    return p->listed + p->standing + (int64_t)p->table.used;
}

bool ac_words_front_collect(ac_words_front *f, int part, ac_words_table *to, int skip) {
    ac_front_part *const p = &f->part[part];
    const int64_t each = (int64_t)(f->sets * 2 / AC_FRONT_PARTS);
    if (p->table.used > 0) {
        if (to->used == 0 && skip == AC_FRONT_PART_BITS) {
            ac_words_table_free(to);
            *to = p->table;
            memset(&p->table, 0, sizeof p->table);
        } else {
            if (!ac_words_table_add_many(to, p->table.slots, (int64_t)p->table.capacity, f->seed,
                                         skip, true))
                return false;
            ac_words_table_take_arena(to, &p->table);
            ac_words_table_free(&p->table);
        }
    }
    if (!drain(f, p, to, skip, NULL)) return false;
    ac_word_slot *const own = f->slots + part * each;
    if (!ac_words_table_add_many(to, own, each, f->seed, skip, false)) return false;
    memset(own, 0, (size_t)each * sizeof *own);
    p->standing = 0;
    p->long_bytes = 0;
    return true;
}
