/* ac_words_front.c - see ac_words_front.h. */
#include "kernels/ac_words_front.h"

#include <stdlib.h>

#define BATCH 32              /* slots fetched ahead: more than a core's misses in flight */
#define POOL_BLOCKS ((int64_t)64) /* blocks are had by the 256 KB */

bool ac_words_front_init(ac_words_front *f, int64_t bytes, uint64_t seed) {
    memset(f, 0, sizeof *f);
    uint64_t sets = AC_FRONT_MIN_SETS;
    while (sets < AC_FRONT_MAX_SETS && (int64_t)sets * 16 < bytes) sets *= 2;
    f->slots = ac_scratch_alloc_zeroed(sets * 2 * sizeof *f->slots);
    f->sets = sets;
    f->seed = seed;
    return f->slots != NULL;
}

void ac_words_front_free(ac_words_front *f) {
    ac_scratch_free(f->slots, f->sets * 2 * sizeof *f->slots);
    for (int64_t i = 0; i < f->pools; i++) ac_scratch_free(f->pool[i].data, f->pool[i].bytes);
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
        const size_t bytes = (size_t)POOL_BLOCKS * sizeof(ac_front_block);
        ac_scratch *const grown = realloc(f->pool, ((size_t)f->pools + 1) * sizeof *grown);
        if (grown == NULL) return NULL;
        f->pool = grown;
        f->pool[f->pools] = (ac_scratch){ac_scratch_alloc(bytes), bytes};
        if (f->pool[f->pools].data == NULL) return NULL;
        f->pools++;
        f->pool_room = POOL_BLOCKS;
    }
    return (ac_front_block *)f->pool[f->pools - 1].data + --f->pool_room;
}

/* Adds slots to a table, their places fetched ahead. `keep`: see ac_words_table_add. */
static bool add_slots(ac_words_table *to, const ac_word_slot *slots, int64_t n, uint64_t seed,
                      int skip, bool keep) {
    ac_word_key key[BATCH];
    uint64_t count[BATCH];
    for (int64_t at = 0; at < n;) {
        int some = 0;
        for (; at < n && some < BATCH; at++) {
            const ac_word_slot *const s = &slots[at];
            if (s->count == 0) continue;
            key[some] = (ac_word_key){ac_word_slot_hash(s, seed), s->length, {s->word[0], s->word[1]}};
            count[some++] = s->count;
        }
        if (!ac_words_table_reserve(to, (uint64_t)some, seed, skip)) return false;
        for (int i = 0; i < some; i++)
            __builtin_prefetch(&to->slots[ac_words_home(to, key[i].hash, skip)], 1);
        for (int i = 0; i < some; i++)
            if (!ac_words_table_add(to, &key[i], count[i], skip, keep)) return false;
    }
    return true;
}

/* Counts a part's list; its blocks may be used again. */
static bool drain(ac_words_front *f, ac_front_part *part, ac_words_table *to, int skip) {
    while (part->blocks != NULL) {
        ac_front_block *const block = part->blocks;
        if (!add_slots(to, block->slot, block->used, f->seed, skip, false)) return false;
        part->blocks = block->next;
        block->next = f->spare;
        f->spare = block;
    }
    part->records = 0;
    return true;
}

static bool push_out(ac_words_front *f, const ac_word_slot *s) {
    const uint64_t hash = ac_word_slot_hash(s, f->seed);
    ac_front_part *const part = &f->part[hash >> (64 - AC_FRONT_PART_BITS)];
    ac_front_block *block = part->blocks;
    if (block == NULL || block->used == (int64_t)(sizeof block->slot / sizeof *block->slot)) {
        if (part->records >= AC_FRONT_LIST && !drain(f, part, &part->table, AC_FRONT_PART_BITS))
            return false;
        block = new_block(f);
        if (block == NULL) return false;
        block->next = part->blocks;
        block->used = 0;
        part->blocks = block;
    }
    block->slot[block->used++] = *s;
    part->records++;
    return true;
}

/* Whether two long words of the same hash and length are the same. */
static bool same_bytes(const ac_word_slot *s, const ac_word_key *key) {
    return memcmp((const void *)(uintptr_t)s->word[1], (const void *)(uintptr_t)key->word[1],
                  key->length) == 0;
}

bool ac_words_front_add(ac_words_front *f, const ac_word_key *key) {
    ac_word_slot *const set = ac_words_front_set(f, key->hash);
    /* For long words the second word is an address, which says nothing. */
    const uint64_t both = key->length <= AC_WORD_INLINE ? UINT64_MAX : 0;
    for (int k = 0; k < 2; k++) {
        ac_word_slot *const s = &set[k];
        const uint64_t differ = (s->word[0] ^ key->word[0]) | (s->length ^ key->length) |
                                ((s->word[1] ^ key->word[1]) & both);
        if (differ != 0 || (AC_UNLIKELY(both == 0) && !same_bytes(s, key))) continue;
        s->count++;
        if (k == 1 && s->count > set[0].count) {
            const ac_word_slot first = set[0];
            set[0] = set[1];
            set[1] = first;
        }
        return true;
    }
    ac_word_slot *const s = set[0].count == 0 ? &set[0] : &set[1];
    if (s->count != 0 && !push_out(f, s)) return false;
    *s = (ac_word_slot){1, key->length, {key->word[0], key->word[1]}};
    return true;
}

int64_t ac_words_front_records(const ac_words_front *f, int part) {
    const int64_t each = (int64_t)(f->sets * 2 / AC_FRONT_PARTS);
    int64_t n = f->part[part].records + (int64_t)f->part[part].table.used;
    for (int64_t i = part * each; i < (part + 1) * each; i++) n += f->slots[i].count != 0;
    return n;
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
            if (!add_slots(to, p->table.slots, (int64_t)p->table.capacity, f->seed, skip, true))
                return false;
            ac_words_table_take_arena(to, &p->table);
            ac_words_table_free(&p->table);
        }
    }
    if (!drain(f, p, to, skip)) return false;
    ac_word_slot *const own = f->slots + part * each;
    if (!add_slots(to, own, each, f->seed, skip, false)) return false;
    memset(own, 0, (size_t)each * sizeof *own);
    return true;
}
