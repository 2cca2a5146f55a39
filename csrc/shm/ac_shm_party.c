/* ac_shm_party.c - see ac_shm_party.h. */
#include "shm/ac_shm_party.h"

#include "shm/ac_peer.h"
#include "shm/ac_shm_queue_shared.h"

#define MOST (AC_SHM_OPENERS + AC_SHM_LANES + AC_SHM_CLAIMS)

/* A place for `self`, of those that are free or, if `dead_too`, a dead one's; AC_SHM_OPENERS: none. */
static uint32_t take_place(ac_atomic_u64 *openers, uint64_t self, bool dead_too) {
    for (uint32_t i = 0; i < AC_SHM_OPENERS; i++) {
        uint64_t found = ac_load_acquire(&openers[i]);
        if (found != 0 && !(dead_too && ac_peer_is_dead(found))) continue;
        if (ac_cas_acq_rel(&openers[i], &found, self)) return i;
    }
    return AC_SHM_OPENERS;
}

/* Not if it was taken for a dead one's, as between process namespaces: it is another's then. */
static void give_place(ac_atomic_u64 *openers, uint64_t self, uint32_t i) {
    (void)ac_cas_acq_rel(&openers[i], &self, 0);
}

/* Which place is this handle's stands in memory that the kernel clears in a forked child: the parent's
 * place is never taken for the child's. */
bool ac_shm_party_enlist(ac_shm_queue *q) {
    ac_atomic_u64 *const openers = q->shared->openers;
    ac_atomic_u32 *const mine = &q->claims.local->opener;
    if (ac_load_acquire(mine) != 0) return true;
    const uint64_t self = ac_shm_claims_self(&q->claims);
    uint32_t at = take_place(openers, self, false);
    if (at == AC_SHM_OPENERS) at = take_place(openers, self, true);
    if (at == AC_SHM_OPENERS) return false;
    uint32_t none = 0;
    /* Another thread has enlisted the same handle meanwhile: one place is enough. */
    if (!ac_cas_acq_rel(mine, &none, at + 1)) give_place(openers, self, at);
    return true;
}

void ac_shm_party_delist(ac_shm_queue *q) {
    const uint32_t place = ac_exchange_acq_rel(&q->claims.local->opener, 0);
    if (place == 0) return;
    give_place(q->shared->openers, ac_shm_claims_self(&q->claims), place - 1);
}

static size_t add(ac_shm_party *out, size_t n, size_t most, uint64_t peer, uint32_t role) {
    if (peer == 0) return n;
    for (size_t i = 0; i < n; i++) {
        if (out[i].peer != peer) continue;
        out[i].roles |= role;
        return n;
    }
    if (n == most) return n;
    out[n] = (ac_shm_party){.peer = peer, .roles = role, .dead = ac_peer_is_dead(peer)};
    return n + 1;
}

size_t ac_shm_party_list(const ac_shm_queue *q, ac_shm_party *out, size_t most) {
    ac_shm_queue_shared *const sh = q->shared;
    size_t n = 0;
    for (uint32_t i = 0; i < AC_SHM_OPENERS; i++)
        n = add(out, n, most, ac_load_acquire(&sh->openers[i]), AC_SHM_OPENED);
    const uint32_t lanes = ac_shm_lanes_used(q);
    for (uint32_t at = 0; at < lanes; at++)
        n = add(out, n, most, ac_load_acquire(&sh->lanes[at].owner), AC_SHM_PUTS);
    const uint32_t high = ac_load_acquire(&sh->claims.high);
    for (uint32_t i = 0; i < high && i < AC_SHM_CLAIMS; i++) {
        const uint64_t owner = ac_load_acquire(&sh->claims.slots[i].owner);
        /* The lowest bit is clear while a reaper is at work: it is not the one who takes. */
        if ((owner & 1) != 0) n = add(out, n, most, owner, AC_SHM_TAKES);
    }
    return n;
}

bool ac_shm_party_all_dead(const ac_shm_queue *q) {
    ac_shm_party all[MOST];
    const size_t n = ac_shm_party_list(q, all, MOST);
    bool killed = false;
    for (size_t i = 0; i < n; i++) {
        if (!all[i].dead) return false;
        if (all[i].roles & AC_SHM_OPENED) killed = true;
    }
    return killed;
}
