/* ac_primes.c - see ac_primes.h. A segmented sieve of Eratosthenes on the wheel of 30: a byte
 * stands for 30 numbers, its bits for the eight of them that 2, 3 and 5 do not divide (Bays and
 * Hudson, The segmented sieve of Eratosthenes, 1977; Pritchard's wheels, 1982). A prime's multiples
 * by numbers of one residue hit one bit of every p-th byte, so there are eight plain loops for each
 * prime.
 */
#include "kernels/ac_primes.h"

#include <stdlib.h>
#include <string.h>

#include "kernels/ac_scratch.h"

#define SEGMENT 32768    /* bytes: a first-level cache of 32 or 48 KB; 983,040 numbers */
#define CHUNK_SEGMENTS 8 /* 1 to 3 ms; a chunk pays for the first strikes of all primes once */
#define CHUNK ((int64_t)SEGMENT * CHUNK_SEGMENTS)
#define PLAINLY 1048576 /* up to here one thread finds the small primes within 3 ms */

static const uint8_t residue[8] = {1, 7, 11, 13, 17, 19, 23, 29};

/* The bit of a number mod 30; 0 where 2, 3 or 5 divides it. */
static const uint8_t bit_of[30] = {0, 1, 0, 0,  0, 0, 0, 2, 0, 0, 0, 4,  0, 8,  0,
                                   0, 0, 16, 0, 32, 0, 0, 0, 64, 0, 0, 0, 0, 0, 128};

struct ac_primes {
    uint64_t start, stop, count;
    uint8_t *bits;        /* all bytes, if kept */
    int64_t first;        /* floor(start / 30): the number of the first byte */
    int64_t bytes;        /* up to ceil(stop / 30) */
    uint64_t *first_rank; /* for each chunk: how many primes are in it, then how many before */
    int64_t chunks;
    uint32_t *small; /* the primes from 7 up to the root of stop */
    int64_t smalls;
    size_t small_bytes;
};

/* ---- the small primes ----------------------------------------------------------------------- */

static uint64_t root(uint64_t n) {
    uint64_t r = 1;
    while (r * r < n) r *= 2;
    for (uint64_t step = r; step > 0; step /= 2)
        while (r >= step && (r - step) * (r - step) >= n) r -= step;
    return r; /* the least r with r * r >= n */
}

/* The primes from 7 to top by the plainest sieve. */
static bool find_small_plainly(ac_primes *p, uint64_t top) {
    uint8_t *const composite = calloc(top + 1, 1);
    p->small_bytes = (size_t)(top / 2 + 8) * sizeof *p->small;
    p->small = ac_scratch_alloc(p->small_bytes);
    if (composite != NULL && p->small != NULL) {
        for (uint64_t i = 3; i <= top; i += 2) {
            if (composite[i]) continue;
            if (i >= 7) p->small[p->smalls++] = (uint32_t)i;
            for (uint64_t k = i * i; k <= top; k += 2 * i) composite[k] = 1;
        }
    }
    const bool ok = composite != NULL && p->small != NULL;
    free(composite);
    return ok;
}

/* Where they are many, by this sieve itself. Returns 0, AC_STOPPED_BY_POLL or AC_EXEC_NOMEM. */
static int find_small(const ac_exec *ex, ac_primes *p) {
    const uint64_t top = root(p->stop); /* a composite below stop has a factor <= top */
    if (top < PLAINLY) return find_small_plainly(p, top) ? 0 : AC_EXEC_NOMEM;
    ac_primes *below;
    int rc = ac_primes_sieve(ex, 7, top + 1, true, &below);
    if (rc != 0) return rc;
    const uint64_t count = below->count;
    const size_t bytes = (size_t)count * sizeof(uint64_t);
    uint64_t *const wide = ac_scratch_alloc(bytes);
    p->small_bytes = (size_t)count * sizeof *p->small;
    p->small = ac_scratch_alloc(p->small_bytes);
    rc = AC_EXEC_NOMEM;
    if (wide != NULL && p->small != NULL) rc = ac_primes_write(below, ex, (ac_u64_at *)wide);
    for (uint64_t i = 0; rc == 0 && i < count; i++) p->small[i] = (uint32_t)wide[i];
    p->smalls = (int64_t)count;
    ac_scratch_free(wide, bytes);
    ac_primes_free(below);
    return rc;
}

/* ---- one chunk ------------------------------------------------------------------------------ */

/* For each small prime and residue: the next byte that it strikes, relative to the segment. */
typedef struct strikes {
    uint32_t *next; /* 8 * smalls */
    uint8_t *mask;  /* 8 * smalls */
} strikes;

/* The first multiple p * q at or after byte `from`, q >= p, for each residue of q. */
static void first_strikes(uint64_t prime, uint64_t from, uint32_t *next, uint8_t *mask) {
    const uint64_t base = 30 * from;
    uint64_t least = (base + prime - 1) / prime;
    if (least < prime) least = prime;
    for (int k = 0; k < 8; k++) {
        uint64_t q = least - least % 30 + residue[k];
        if (q < least) q += 30;
        const uint64_t at = (prime * q) / 30 - from;
        next[k] = at > UINT32_MAX ? UINT32_MAX : (uint32_t)at; /* far past the chunk */
        mask[k] = (uint8_t)~bit_of[(prime * q) % 30];
    }
}

static void strike_segment(const ac_primes *p, const strikes *s, uint8_t *bits, int64_t bytes) {
    for (int64_t i = 0; i < p->smalls; i++) {
        const uint32_t prime = p->small[i];
        for (int k = 0; k < 8; k++) {
            uint32_t at = s->next[8 * i + k];
            const uint8_t mask = s->mask[8 * i + k];
            if (at == UINT32_MAX) continue;
            for (; at < bytes; at += prime) bits[at] &= mask;
            s->next[8 * i + k] = at - (uint32_t)bytes;
        }
    }
}

static uint64_t count_bits(const uint8_t *bits, int64_t bytes) {
    uint64_t sum = 0;
    int64_t at = 0;
    for (; at + 8 <= bytes; at += 8) {
        uint64_t w;
        memcpy(&w, bits + at, 8);
        sum += (uint64_t)__builtin_popcountll(w);
    }
    for (; at < bytes; at++) sum += (uint64_t)__builtin_popcount(bits[at]);
    return sum;
}

/* Takes out of a byte's bits the numbers below start and from stop on, and 1. */
static void cut_off(const ac_primes *p, uint8_t *bits, int64_t byte) {
    for (int k = 0; k < 8; k++) {
        const uint64_t number = (uint64_t)(p->first + byte) * 30 + residue[k];
        if (number < p->start || number >= p->stop || number == 1) *bits &= (uint8_t)~(1u << k);
    }
}

/* Leaves in the chunk's bits the primes >= 7 of the range; returns how many. */
static uint64_t sieve_chunk(const ac_primes *p, const strikes *s, int64_t from, int64_t to,
                            uint8_t *segment) {
    uint64_t count = 0;
    for (int64_t i = 0; i < p->smalls; i++)
        first_strikes(p->small[i], (uint64_t)(p->first + from), s->next + 8 * i, s->mask + 8 * i);
    for (int64_t at = from; at < to; at += SEGMENT) {
        const int64_t bytes = to - at < SEGMENT ? to - at : SEGMENT;
        uint8_t *const bits = p->bits != NULL ? p->bits + at : segment;
        memset(bits, 0xFF, (size_t)bytes);
        strike_segment(p, s, bits, bytes);
        if (at == 0) cut_off(p, bits, 0);
        if (at + bytes == p->bytes) cut_off(p, bits + bytes - 1, p->bytes - 1);
        count += count_bits(bits, bytes);
    }
    return count;
}

typedef struct job {
    ac_primes *primes;
    ac_scratch *room; /* one for each worker */
    ac_u64_at *out;
} job;

static int sieve_range(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    const job *const j = ctx;
    ac_primes *const p = j->primes;
    const size_t strikes_bytes = (size_t)p->smalls * 8 * (sizeof(uint32_t) + 1);
    uint8_t *const room = ac_scratch_room(j->room + worker, strikes_bytes + SEGMENT);
    if (room == NULL) return -AC_EXEC_NOMEM;
    const strikes s = {(uint32_t *)room, room + (size_t)p->smalls * 8 * sizeof(uint32_t)};
    for (int64_t chunk = lo; chunk < hi; chunk++) {
        const int64_t from = chunk * CHUNK, to = p->bytes - from < CHUNK ? p->bytes : from + CHUNK;
        p->first_rank[chunk] = sieve_chunk(p, &s, from, to, room + strikes_bytes);
    }
    return 0;
}

/* ---- the whole ------------------------------------------------------------------------------ */

static const uint8_t wheel_primes[3] = {2, 3, 5};

/* Writes those of the range, unless out is NULL; returns how many. */
static uint64_t write_wheel(const ac_primes *p, ac_u64_at *out) {
    uint64_t count = 0;
    for (int i = 0; i < 3; i++) {
        if (wheel_primes[i] < p->start || wheel_primes[i] >= p->stop) continue;
        if (out != NULL) out[count] = wheel_primes[i];
        count++;
    }
    return count;
}

static int sieve(const ac_exec *ex, ac_primes *p, bool keep) {
    p->chunks = (p->bytes + CHUNK - 1) / CHUNK;
    p->first_rank = ac_scratch_alloc((size_t)p->chunks * sizeof *p->first_rank);
    if (p->first_rank == NULL) return AC_EXEC_NOMEM;
    if (p->bytes == 0) return 0;
    int rc = find_small(ex, p);
    if (rc != 0) return rc;
    if (keep) {
        p->bits = ac_scratch_alloc((size_t)p->bytes);
        if (p->bits == NULL) return AC_EXEC_NOMEM;
    }
    job j = {.primes = p};
    rc = ac_scratch_for(ex, sieve_range, &j, p->chunks, &j.room);
    p->count = write_wheel(p, NULL);
    for (int64_t chunk = 0; rc == 0 && chunk < p->chunks; chunk++) {
        const uint64_t count = p->first_rank[chunk];
        p->first_rank[chunk] = p->count;
        p->count += count;
    }
    return rc;
}

int ac_primes_sieve(const ac_exec *ex, uint64_t start, uint64_t stop, bool keep,
                    ac_primes **primes) {
    ac_primes *const p = calloc(1, sizeof *p);
    *primes = NULL;
    if (p == NULL) return AC_EXEC_NOMEM;
    p->start = start;
    p->stop = stop;
    p->first = (int64_t)(start / 30);
    p->bytes = start < stop ? (int64_t)((stop + 29) / 30) - p->first : 0;
    const int rc = sieve(ex, p, keep);
    if (rc == 0) {
        *primes = p;
    } else {
        ac_primes_free(p);
    }
    return rc;
}

uint64_t ac_primes_count(const ac_primes *primes) { return primes->count; }

static int write_range(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    const job *const j = ctx;
    const ac_primes *const p = j->primes;
    (void)worker;
    for (int64_t chunk = lo; chunk < hi; chunk++) {
        ac_u64_at *to = j->out + p->first_rank[chunk];
        const int64_t end = p->bytes - chunk * CHUNK < CHUNK ? p->bytes : (chunk + 1) * CHUNK;
        for (int64_t at = chunk * CHUNK; at < end; at++) {
            for (uint32_t bits = p->bits[at]; bits != 0; bits &= bits - 1)
                *to++ = (uint64_t)(p->first + at) * 30 + residue[__builtin_ctz(bits)];
        }
    }
    return 0;
}

int ac_primes_write(const ac_primes *primes, const ac_exec *ex, ac_u64_at *out) {
    job j = {(ac_primes *)(uintptr_t)primes, NULL, out};
    (void)write_wheel(primes, out);
    return ac_exec_for(ex, write_range, &j, primes->chunks, 1);
}

void ac_primes_free(ac_primes *primes) {
    if (primes == NULL) return;
    ac_scratch_free(primes->bits, (size_t)primes->bytes);
    ac_scratch_free(primes->first_rank, (size_t)primes->chunks * sizeof *primes->first_rank);
    ac_scratch_free(primes->small, primes->small_bytes);
    free(primes);
}
