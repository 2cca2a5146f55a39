"""Mutants of what queues between processes have beside their lanes; see model_mutants.py."""

# ruff: noqa: E501  # texts of csrc stand as they are

from model_table import Mutant

EC = "sync/ac_event_count.h"
BELL = "shm/ac_shm_bell.h"
BELL_LINUX = "shm/ac_shm_bell_linux.c"
PARTY = "shm/ac_shm_party.c"
QUEUE = "shm/ac_shm_queue.c"
STREAM = "shm/ac_shm_stream.c"
STREAM_H = "shm/ac_shm_stream.h"
LEASE = "shm/ac_shm_lease.c"
TAKE = "shm/ac_shm_take.c"

SHM_MUTANTS = [
    # -- bell: the fence, the bit and the step of the epoch of who arms; ring first, then disarm, and whom
    Mutant("bell", BELL, "    ac_fence_seq_cst(); /* F2: pairs with F1 of the putter */\n", "", "deadlock", ("put",)),
    Mutant("bell", BELL, "(word | AC_EC_LISTENERS) + AC_EC_EPOCH_ONE", "word | AC_EC_LISTENERS", "deadlock", ("thief",)),
    Mutant("bell", BELL, "(word | AC_EC_LISTENERS) + AC_EC_EPOCH_ONE", "word + AC_EC_EPOCH_ONE", "deadlock", ("put",)),
    Mutant("bell", BELL, "    while (!ac_cas_acq_rel(&ec->word, &word, (word | AC_EC_LISTENERS) + AC_EC_EPOCH_ONE)) {\n    }\n",
           "    ac_store_seq_cst(&ec->word, (word | AC_EC_LISTENERS) + AC_EC_EPOCH_ONE);\n", "deadlock", ("sleeper",)),
    Mutant("bell", BELL_LINUX, "    if (!strike(bell)) return;\n", "    (void)strike;\n",
           "deadlock", ("put",)),
    Mutant("bell", BELL_LINUX, "    if (!strike(bell)) return;\n",
           "    uint32_t first = seen;\n    (void)ac_cas_acq_rel(&ec->word, &first, first & ~AC_EC_LISTENERS);\n"
           "    if (!strike(bell)) return;\n", "deadlock", ("killed",)),
    Mutant("bell", BELL_LINUX, "(word ^ seen) < AC_EC_EPOCH_ONE &&", "true &&", "deadlock", ("thief",)),
    Mutant("bell", BELL_LINUX, "    uint32_t word = seen;\n    while ((word & AC_EC_LISTENERS) && (word ^ seen)",
           "    const uint32_t late = ac_load_acquire(&ec->word);\n    uint32_t word = late;\n    while ((word & AC_EC_LISTENERS) && "
           "(word ^ late)", "deadlock", ("thief",)),
    Mutant("bell", BELL_LINUX, "           !ac_cas_acq_rel(&ec->word, &word, word & ~AC_EC_LISTENERS)) {\n    }\n",
           "           (ac_store_release(&ec->word, word & ~AC_EC_LISTENERS), false)) {\n    }\n", "deadlock", ("thief",)),
    Mutant("bell", BELL_LINUX, "    while ((word & AC_EC_LISTENERS) && (word", "    while (false && (word", "assert", ("once",)),
    Mutant("bell", BELL_LINUX, "    if (!(seen & AC_EC_LISTENERS) || bell == AC_SHM_NO_BELL) return;\n",
           "    if (bell == AC_SHM_NO_BELL) return;\n", "assert",
           ("nobody",)),
    Mutant("bell", BELL_LINUX, "    (void)epoll_ctl(ear->fd, EPOLL_CTL_MOD, bell, &event);\n", "    (void)bell, (void)event, (void)ear;\n",
           "deadlock", ("loop",)),
    Mutant("bell", BELL_LINUX, "    while (epoll_wait(ear->fd, events, 2, 0) < 0 && errno == EINTR) {\n    }\n", "    (void)ear, (void)events;\n",
           "livelock", ("put",)),
    Mutant("bell", BELL_LINUX, "    struct epoll_event event = {.events = EPOLLIN | EPOLLET};\n    return", "    struct epoll_event event = {.events = EPOLLIN};\n    return",
           "livelock", ("put",)),
    Mutant("bell", EC, "(word & ~AC_EC_SLEEPERS) + AC_EC_EPOCH_ONE", "(word & ~AC_EC_ANYBODY) + AC_EC_EPOCH_ONE", "deadlock",
           ("sleeper",)),
    Mutant("bell", EC, "    ac_fence_seq_cst(); /* F1 */\n", "", "deadlock", ("end",)),
    # -- party: a place is one's alone, and goes with its handle
    Mutant("party", PARTY, "if (ac_cas_acq_rel(&openers[i], &found, self)) return i;", "ac_store_release(&openers[i], self);\n        return i;",
           "assert"),
    Mutant("party", PARTY, "!(dead_too && ac_peer_is_dead(found))", "!dead_too", "assert"),
    Mutant("party", PARTY, "    if (at == AC_SHM_OPENERS) at = take_place(openers, self, true);\n", "", "assert"),
    Mutant("party", PARTY, "    (void)ac_cas_acq_rel(&openers[i], &self, 0);", "    (void)openers, (void)self, (void)i;", "assert"),
    Mutant("party", PARTY, "give_place(openers, self, at);", "(void)0;", "assert", ("one_handle",)),
    Mutant("party", PARTY, "        if (!all[i].dead) return false;\n", "", "assert"),
    # -- putting: the commit, the log and its repair, recycling, the pool, sleeping, the end
    Mutant("shm_queue", QUEUE, "ac_store_release(&lane->tail, end);      /* commit", "ac_store_relaxed(&lane->tail, end);      /* commit", "race",
           ("weak",)),
    Mutant("shm_queue", QUEUE, "    if (lane->log_tail != tail) ac_store_release(&lane->puts, lane->log_puts_before);\n", "", "assert", ("killed",)),
    Mutant("shm_queue", QUEUE, "    lane->log_puts_before = puts;\n    ac_fence_compiler();\n    lane->log_tail = end;\n",
           "    lane->log_tail = end;\n    ac_fence_compiler();\n    lane->log_puts_before = puts;\n", "assert", ("killed",)),
    Mutant("shm_queue", QUEUE, "    ac_store_release(&lane->puts, puts + n); /* before tail: who takes a message finds it counted */\n"
           "    ac_store_release(&lane->tail, end);      /* commit; pairs with the acquire of a taker */\n",
           "    ac_store_release(&lane->tail, end);\n    ac_store_release(&lane->puts, puts + n);\n", "assert", ("killed",)),
    Mutant("shm_queue", QUEUE, "    uint64_t bound = ac_shm_claims_bound(&q->claims, at, head, next);\n", "    uint64_t bound = next;\n", "race", ("flow",)),
    Mutant("shm_queue", QUEUE, "ac_load_acquire(&lane->next); /* pairs with the CAS", "ac_load_relaxed(&lane->next); /* pairs with the CAS", "race",
           ("weak",)),
    Mutant("shm_queue", QUEUE, "    ac_store_relaxed(&lane->head, bound);\n", "", "assert|race"),
    Mutant("shm_queue", QUEUE, "        ac_shm_pool_rebuild(&q->pool, q->streams, q->lanes);\n", "", "assert", ("killed_in_pool",)),
    Mutant("shm_queue", QUEUE, "        ac_robust_lock_mended(&q->shared->pool_lock);\n", "", "assert", ("killed_in_pool",)),
    Mutant("shm_queue", QUEUE, "        ac_robust_lock_mended(lock);\n", "", "assert", ("killed",)),
    Mutant("shm_queue", QUEUE, "        repair_put(q, at);\n", "", "assert", ("killed",)),
    Mutant("shm_queue", QUEUE, "    ac_shm_stream_forget(&q->pool, &q->streams[at], tail);\n", "", "assert", ("killed_in_pool",)),
    Mutant("shm_queue", QUEUE, "        mend(q);\n        ac_shm_queue_tidy(q);\n        status = put_in_lane", "        mend(q);\n        status = put_in_lane",
           "assert", ("memory_of_another",)),
    Mutant("shm_queue", QUEUE, "    while (used < found + 1 && !ac_cas_acq_rel(&sh->lanes_used, &used, found + 1)) continue;\n", "    (void)used;\n", "assert",
           ("lanes",)),
    Mutant("shm_queue", QUEUE, "!ac_cas_acq_rel(&sh->lanes_used, &used, found + 1)) continue;", "(ac_store_release(&sh->lanes_used, found + 1), false)) continue;",
           "assert", ("lanes",)),
    Mutant("shm_queue", QUEUE, "                 ac_cas_acq_rel(&sh->lanes[at].owner, &owner, self))", "                 (ac_store_release(&sh->lanes[at].owner, self), true))",
           "assert", ("lanes",)),
    Mutant("shm_queue", QUEUE, "    ac_fence_seq_cst(); /* F1: the message is visible before the bits are read */\n", "", "assert", ("sleep",)),
    Mutant("shm_queue", QUEUE, "    ac_ec_notify_one(&q->shared->items, AC_WAIT_SHARED);\n    ac_shm_bell_ring", "    ac_shm_bell_ring", "assert", ("sleep",)),
    Mutant("shm_queue", QUEUE, "        if (has_items(q)) {\n            const ac_shm_status status = take_or_yield",
           "        if (key == 0) {\n            const ac_shm_status status = take_or_yield", "assert", ("sleep",)),
    Mutant("shm_queue", QUEUE, "        if (has_room(q)) {\n            status = put_once", "        if (key == 0) {\n            status = put_once", "assert",
           ("room",)),
    Mutant("shm_queue", TAKE, "    if (status == AC_SHM_OK && q->maxsize != 0) ac_ec_notify_one(&sh->space, AC_WAIT_SHARED);\n", "", "assert", ("room",)),
    Mutant("shm_queue", QUEUE, "        ac_store_release(&q->shared->lanes[at].closed, 1);\n", "", "assert", ("end",)),
    Mutant("shm_queue", QUEUE, "        const ac_shm_status status = lock_lane(q, at, until_ns);\n        if (status != AC_SHM_OK) return status;\n"
           "        ac_store_release(&q->shared->lanes[at].closed, 1);\n        unlock_lane(q, at);\n",
           "        (void)until_ns;\n        ac_store_release(&q->shared->lanes[at].closed, 1);\n", "assert", ("end",)),
    Mutant("shm_queue", QUEUE, "    ac_store_release(&q->shared->closed, 1); /* pairs with the acquire of a taker */\n    wake_everyone(q);\n",
           "    ac_store_release(&q->shared->closed, 1);\n", "assert", ("end",)),
    Mutant("shm_queue", QUEUE, "        (void)close_lanes(q, AC_SHM_TRY);\n", "        (void)0;\n", "assert", ("killed_end",)),
    Mutant("shm_queue", QUEUE, "    ac_store_release(&sh->closing, 1); /* others go on with it if we are killed */\n", "", "assert", ("killed_end",)),
    Mutant("shm_queue", QUEUE, "    if (all_done(q)) ac_ec_notify_all(&sh->finished, AC_WAIT_SHARED);\n", "", "assert", ("join",)),
    Mutant("shm_queue", STREAM, "    set_used(p, physical);\n    ac_store_relaxed(slot", "    ac_store_relaxed(slot", "assert|race", ("flow",)),
    Mutant("shm_queue", STREAM, "    ac_store_relaxed(slot, physical);\n    ac_store_release(&s->shared->mapped, mapped + 1); /* after its slot: rebuild relies on it */\n",
           "    ac_store_release(&s->shared->mapped, mapped + 1);\n    ac_store_relaxed(slot, physical);\n", "assert|race", ("killed_in_pool",)),
    Mutant("shm_queue", STREAM, "        sh->high = physical + 1; /* first: a successor finds every set bit below it */\n", "", "assert|race"),
    Mutant("shm_queue", STREAM, "        if (lookup(p, s, logical, &physical)) set_free(p, physical);\n    }\n    ac_store_relaxed(&s->shared->reclaimed, logical);\n",
           "        (void)physical;\n    }\n    ac_store_relaxed(&s->shared->reclaimed, logical);\n", "assert", ("flow",)),
    Mutant("shm_queue", STREAM, "    ac_store_relaxed(&s->shared->reclaimed, logical);\n", "", "assert|race", ("flow",)),
    Mutant("shm_queue", STREAM, "        *backed_word(p, i / BITS) &= ~bit(i);\n        ac_fence_compiler();\n"
           "        (void)ac_shm_region_drop(&p->region, offset_of(p, i), (size_t)1 << p->shift);\n",
           "        (void)ac_shm_region_drop(&p->region, offset_of(p, i), (size_t)1 << p->shift);\n        ac_fence_compiler();\n"
           "        *backed_word(p, i / BITS) &= ~bit(i);\n", "assert", ("killed_in_tidy",)),
    Mutant("shm_queue", STREAM, "        if (is_used(p, i) || !is_backed(p, i)) continue;\n", "        if (!is_backed(p, i)) continue;\n", "assert|race"),
    Mutant("shm_queue", STREAM, "            if (lookup(p, s, logical, &physical)) set_used(p, physical);\n", "            (void)physical;\n", "assert|race",
           ("killed_in_pool",)),
    Mutant("shm_queue", STREAM_H, "    return end <= ac_load_relaxed(&s->shared->mapped) << p->shift;", "    return end <= (ac_load_relaxed(&s->shared->mapped) + 1) << p->shift;",
           "assert|race"),
    # -- leases: settled, then left, by whom they belong to
    Mutant("lease", LEASE, "        ac_shm_claim_settle(ac_shm_claims_at(&q->claims, lease->entry));\n", "", "assert", ("recycle",)),
    Mutant("lease", LEASE, "        ac_shm_claim_settle(ac_shm_claims_at(&q->claims, lease->entry));\n        ac_shm_claims_leave(&q->claims, lease->entry);\n",
           "        ac_shm_claims_leave(&q->claims, lease->entry);\n        ac_shm_claim_settle(ac_shm_claims_at(&q->claims, lease->entry));\n",
           "race|assert", ("entry",)),
    Mutant("lease", LEASE, "        ac_shm_claims_leave(&q->claims, lease->entry);\n", "", "assert", ("recycle",)),
    Mutant("lease", LEASE, "        (void)ac_fetch_add_relaxed(&q->claims.local->leases, UINT32_MAX);\n", "", "assert", ("recycle",)),
    Mutant("lease", LEASE, "    const bool ours = lease->self == ac_shm_claims_self(&q->claims);\n", "    const bool ours = true;\n", "assert|race", ("child",)),
    Mutant("lease", LEASE, "    *lease = (ac_shm_lease){0};\n", "", "assert", ("recycle",)),
    Mutant("lease", TAKE, "        batch->lease->bytes = batch->wanted;\n", "        batch->lease->bytes = batch->wanted;\n        ac_shm_claim_settle(claim);\n", "race",
           ("recycle",)),
    Mutant("lease", TAKE, "        if (ac_fetch_add_relaxed(&q->claims.local->leases, 1) >= AC_SHM_LEASES) {", "        if (ac_fetch_add_relaxed(&q->claims.local->leases, 1) > AC_SHM_LEASES) {",
           "assert", ("cap",)),
    Mutant("lease", TAKE, "            (void)ac_fetch_add_relaxed(&q->claims.local->leases, UINT32_MAX);\n            batch->lease = NULL;\n", "            batch->lease = NULL;\n",
           "assert", ("cap",)),
    Mutant("lease", "shm/ac_shm_claims.h", "    ac_store_release(&claim->intent, 0); /* as above */", "    ac_store_relaxed(&claim->intent, 0);", "race",
           ("recycle_weak",)),
]
