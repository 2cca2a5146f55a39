/* ac_shm_claims.c - see ac_shm_claims.h. */
#include "shm/ac_shm_claims.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "shm/ac_peer.h"

#define PAGE 4096u

/* Arbitrary: how many of the slots in use a newcomer tests for a dead owner before it takes a new
 * one, at some 20 us each. A crowd that comes and goes finds enough of them. */
#define TESTS_PER_ENTRY 8u

typedef enum local_state {
    NOT_OURS = 0, /* as the kernel leaves it in a forked child */
    BUSY = 1,
    IDLE = 2,
} local_state;

int ac_shm_claims_open(ac_shm_claims *c, const ac_shm_region *region,
                       ac_shm_claims_shared *shared) {
    void *const at = mmap(NULL, sizeof(ac_shm_claims_local), PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) return errno;
    if (madvise(at, sizeof(ac_shm_claims_local), MADV_WIPEONFORK) != 0) {
        const int err = errno;
        munmap(at, sizeof(ac_shm_claims_local));
        return err;
    }
    *c = (ac_shm_claims){.region = *region, .shared = shared, .local = at};
    return 0;
}

void ac_shm_claims_close(ac_shm_claims *c) {
    if (c->local == NULL) return;
    for (uint32_t i = 0; i < AC_SHM_LOCAL_CLAIMS; i++) {
        if (ac_load_acquire(&c->local->claims[i].state) != IDLE) continue;
        ac_store_release(&c->shared->slots[c->local->claims[i].slot].owner, 0);
    }
    munmap(c->local, sizeof *c->local);
    c->local = NULL;
}

uint64_t ac_shm_claims_self(const ac_shm_claims *c) {
    uint64_t self = ac_load_relaxed(&c->local->self);
    if (AC_LIKELY(self != 0)) return self;
    self = ac_peer_self();
    ac_store_relaxed(&c->local->self, self);
    return self;
}

static uint32_t slots_in_use(const ac_shm_claims *c) {
    const uint32_t high = ac_load_acquire(&c->shared->high);
    return high < AC_SHM_CLAIMS ? high : AC_SHM_CLAIMS; /* scribbled over: must end */
}

/* ---- the reaper ---- */

/* Withdraws what the dead owner of a slot meant to take, and frees the slot. Who may touch it is decided by one CAS on `owner`, to our name with the lowest bit clear:
 * without it, a reaper that was stopped after it had read the intent could withdraw the equal one of
 * the slot's next owner. A reaper that is killed here is a dead owner like any other. The count comes
 * before the withdrawal: killed in between, a message may be counted twice, never not. */
static void bury(const ac_shm_claims *c, ac_shm_claim *slot, uint64_t owner) {
    if (!ac_cas_acq_rel(&slot->owner, &owner, ac_shm_claims_self(c) & ~UINT64_C(1))) return;
    if (ac_load_acquire(&slot->intent) != 0) {
        ac_fetch_add_relaxed(&c->shared->deaths, 1);
        ac_fetch_add_relaxed(&c->shared->lost, ac_load_relaxed(&slot->count));
        ac_store_release(&slot->intent, 0);
    }
    ac_store_release(&slot->owner, 0); /* last: a slot that is free has no intent */
}

/* Whether somebody else's slot is a dead one's. */
static bool is_abandoned(const ac_shm_claims *c, uint64_t owner) {
    return owner != 0 && (owner | 1) != ac_shm_claims_self(c) && ac_peer_is_dead(owner | 1);
}

void ac_shm_claims_reap(const ac_shm_claims *c) {
    const uint32_t high = slots_in_use(c);
    for (uint32_t i = 0; i < high; i++) {
        ac_shm_claim *const slot = &c->shared->slots[i];
        if (ac_load_acquire(&slot->intent) == 0) continue;
        const uint64_t owner = ac_load_acquire(&slot->owner);
        if (is_abandoned(c, owner)) bury(c, slot, owner);
    }
}

uint64_t ac_shm_claims_bound(const ac_shm_claims *c, uint32_t lane, uint64_t head, uint64_t next) {
    const uint32_t high = slots_in_use(c);
    uint64_t bound = next;
    for (uint32_t i = 0; i < high; i++) {
        const uint64_t intent = ac_load_acquire(&c->shared->slots[i].intent);
        if (intent == 0 || intent >> 56 != lane) continue;
        const uint64_t at = (intent & ((UINT64_C(1) << 56) - 1)) / 2 * AC_SHM_POSITION_UNIT;
        if (at >= head && at < bound) bound = at;
    }
    return bound;
}

/* ---- entering ---- */

static bool take_free(const ac_shm_claims *c, uint32_t i) {
    uint64_t none = 0;
    return ac_cas_acq_rel(&c->shared->slots[i].owner, &none, ac_shm_claims_self(c));
}

/* A slot of the shared table, or AC_SHM_CLAIMS. */
static AC_COLD uint32_t register_slot(const ac_shm_claims *c) {
    for (;;) {
        uint32_t high = slots_in_use(c);
        for (uint32_t i = 0; i < high; i++)
            if (ac_load_relaxed(&c->shared->slots[i].owner) == 0 && take_free(c, i)) return i;
        const uint64_t self = ac_shm_claims_self(c);
        const uint32_t first = high > 0 ? (uint32_t)(self >> 32) % high : 0;
        const uint32_t tests = high == AC_SHM_CLAIMS ? high : TESTS_PER_ENTRY;
        for (uint32_t k = 0; k < tests && k < high; k++) {
            const uint32_t i = (first + k) % high;
            const uint64_t owner = ac_load_acquire(&c->shared->slots[i].owner);
            if (!is_abandoned(c, owner)) continue;
            bury(c, &c->shared->slots[i], owner);
            if (take_free(c, i)) return i;
        }
        if (high == AC_SHM_CLAIMS) return AC_SHM_CLAIMS;
        /* Memory first, then `high`, then the owner: who sees a slot below `high` can read it, and
         * who is killed in between leaves a free one. */
        const size_t offset = (size_t)((const uint8_t *)&c->shared->slots[high] - c->region.base);
        if (ac_shm_region_back(&c->region, offset / PAGE * PAGE,
                               offset % PAGE + sizeof(ac_shm_claim)) != 0)
            return AC_SHM_CLAIMS;
        const uint32_t wanted = high + 1;
        (void)ac_cas_acq_rel(&c->shared->high, &high, wanted);
        if (take_free(c, wanted - 1)) return wanted - 1;
    }
}

int ac_shm_claims_enter(const ac_shm_claims *c) {
    for (uint32_t i = 0; i < AC_SHM_LOCAL_CLAIMS; i++) {
        uint32_t state = ac_load_relaxed(&c->local->claims[i].state);
        /* Acquire: pairs with the release of leave, and so do the slot's plain fields. */
        if (state == BUSY || !ac_cas_acquire(&c->local->claims[i].state, &state, BUSY)) continue;
        if (AC_LIKELY(state == IDLE)) return (int)i;
        const uint32_t slot = register_slot(c);
        if (slot == AC_SHM_CLAIMS) {
            ac_store_release(&c->local->claims[i].state, NOT_OURS);
            return -1;
        }
        c->local->claims[i].slot = slot;
        return (int)i;
    }
    return -1;
}

void ac_shm_claims_leave(const ac_shm_claims *c, int entry) {
    ac_store_release(&c->local->claims[entry].state, IDLE);
}
