/* Tests of csrc/shm/ac_shm_claims.h: slots, bounds, the reaper. */
#include "shm/ac_shm_claims.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "shm/ac_peer.h"

static ac_shm_claims new_claims(ac_shm_region *r) {
    ac_shm_claims c;
    CHECK(ac_shm_region_create(r, sizeof(ac_shm_claims_shared)) == 0);
    CHECK(ac_shm_region_back(r, 0, offsetof(ac_shm_claims_shared, slots)) == 0);
    CHECK(ac_shm_claims_open(&c, r, (ac_shm_claims_shared *)(void *)r->base) == 0);
    return c;
}

static void end(ac_shm_claims *c, ac_shm_region *r) {
    ac_shm_claims_close(c);
    ac_shm_region_close(r);
}

static void an_intent_bounds_what_may_be_recycled(void) {
    ac_shm_region r;
    ac_shm_claims c = new_claims(&r);
    CHECK(ac_shm_claims_bound(&c, 3, 0, 640) == 640);
    const int a = ac_shm_claims_enter(&c), b = ac_shm_claims_enter(&c);
    CHECK(a >= 0 && b >= 0 && a != b);
    ac_shm_claim_intend(ac_shm_claims_at(&c, a), 3, 96, 1);
    ac_shm_claim_intend(ac_shm_claims_at(&c, b), 3, 64, 1);
    CHECK(ac_shm_claims_bound(&c, 3, 0, 640) == 64);
    CHECK(ac_shm_claims_bound(&c, 2, 0, 640) == 640);  /* another lane */
    CHECK(ac_shm_claims_bound(&c, 3, 96, 640) == 96);  /* a loser's, behind */
    CHECK(ac_shm_claims_bound(&c, 3, 0, 64) == 64);    /* not claimed yet */
    ac_shm_claim_settle(ac_shm_claims_at(&c, b));
    CHECK(ac_shm_claims_bound(&c, 3, 0, 640) == 96);
    const uint64_t far = UINT64_C(1) << 58; /* 288 petabytes */
    ac_shm_claim_intend(ac_shm_claims_at(&c, a), 15, far, 1);
    CHECK(ac_shm_claims_bound(&c, 15, far - 32, far + 32) == far);
    ac_shm_claims_reap(&c); /* we are alive */
    CHECK(ac_shm_claims_bound(&c, 15, far - 32, far + 32) == far);
    ac_shm_claim_settle(ac_shm_claims_at(&c, a));
    ac_shm_claims_leave(&c, a);
    ac_shm_claims_leave(&c, b);
    CHECK(ac_shm_claims_enter(&c) == a); /* kept by the process */
    CHECK(ac_load_relaxed(&c.shared->high) == 2);
    ac_shm_claims_leave(&c, a);
    end(&c, &r);
}

static void no_more_threads_than_entries_are_inside(void) {
    ac_shm_region r;
    ac_shm_claims c = new_claims(&r);
    for (uint32_t i = 0; i < AC_SHM_LOCAL_CLAIMS; i++) CHECK(ac_shm_claims_enter(&c) == (int)i);
    CHECK(ac_shm_claims_enter(&c) == -1);
    ac_shm_claims_leave(&c, 7);
    CHECK(ac_shm_claims_enter(&c) == 7);
    end(&c, &r);
}

/* Runs `body` in a child, which then ends without a word. */
static void in_a_child(ac_shm_claims *c, void (*body)(ac_shm_claims *)) {
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        body(c);
        (void)kill(getpid(), SIGKILL);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
}

static void intend_and_die(ac_shm_claims *c) {
    const int entry = ac_shm_claims_enter(c);
    CHECK(entry == 0 && ac_shm_claims_self(c) == ac_peer_self());
    CHECK(ac_shm_claims_at(c, entry) != &c->shared->slots[0]); /* the parent's */
    ac_shm_claim_intend(ac_shm_claims_at(c, entry), 1, 320, 5);
}

static void enter_and_die(ac_shm_claims *c) { CHECK(ac_shm_claims_enter(c) == 0); }

static void the_dead_are_counted_once_and_their_slots_used_again(void) {
    ac_shm_region r;
    ac_shm_claims c = new_claims(&r);
    CHECK(ac_shm_claims_enter(&c) == 0); /* inherited by nobody */
    in_a_child(&c, intend_and_die);
    CHECK(ac_shm_claims_bound(&c, 1, 0, 640) == 320);
    ac_shm_claims_reap(&c);
    ac_shm_claims_reap(&c);
    CHECK(ac_shm_claims_bound(&c, 1, 0, 640) == 640);
    CHECK(ac_load_relaxed(&c.shared->deaths) == 1 && ac_load_relaxed(&c.shared->lost) == 5);
    for (int i = 0; i < 60; i++) in_a_child(&c, enter_and_die);
    CHECK(ac_load_relaxed(&c.shared->high) <= 3);
    for (int i = 0; i < 3; i++) in_a_child(&c, intend_and_die);
    ac_shm_claims_reap(&c);
    CHECK(ac_load_relaxed(&c.shared->deaths) == 4 && ac_load_relaxed(&c.shared->lost) == 20);
    ac_shm_claims_leave(&c, 0);
    end(&c, &r);
}

static void die_as_a_reaper(ac_shm_claims *c) {
    ac_store_relaxed(&c->shared->slots[0].owner, ac_peer_self() & ~UINT64_C(1));
    ac_store_relaxed(&c->shared->slots[0].count, 2);
    ac_store_relaxed(&c->shared->slots[0].intent, UINT64_C(1) << 56 | 20 << 1 | 1);
    ac_store_relaxed(&c->shared->high, 1);
}

static void the_work_of_a_dead_reaper_is_finished(void) {
    ac_shm_region r;
    ac_shm_claims c = new_claims(&r);
    in_a_child(&c, die_as_a_reaper);
    CHECK(ac_shm_claims_bound(&c, 1, 0, 1 << 20) == 640);
    ac_shm_claims_reap(&c);
    CHECK(ac_shm_claims_bound(&c, 1, 0, 1 << 20) == 1 << 20);
    CHECK(ac_load_relaxed(&c.shared->lost) == 2);
    CHECK(ac_load_relaxed(&c.shared->slots[0].owner) == 0);
    end(&c, &r);
}

static void what_is_closed_is_given_back(void) {
    ac_shm_region r;
    ac_shm_claims c = new_claims(&r), again;
    ac_shm_claims_shared *const shared = c.shared;
    CHECK(ac_shm_claims_enter(&c) == 0);
    ac_shm_claims_leave(&c, 0);
    CHECK(ac_load_relaxed(&shared->slots[0].owner) == ac_peer_self());
    ac_shm_claims_close(&c);
    CHECK(ac_load_relaxed(&shared->slots[0].owner) == 0);
    CHECK(ac_shm_claims_open(&again, &r, shared) == 0);
    end(&again, &r);
}

static void a_scribbled_table_ends(void) {
    ac_shm_region r;
    ac_shm_claims c = new_claims(&r);
    CHECK(ac_shm_region_back(&r, 0, r.bytes) == 0);
    ac_store_relaxed(&c.shared->high, UINT32_MAX);
    for (uint32_t i = 0; i < AC_SHM_CLAIMS; i++)
        ac_store_relaxed(&c.shared->slots[i].owner, ac_peer_self() ^ 2); /* another start: dead */
    CHECK(ac_shm_claims_bound(&c, 1, 0, 640) == 640);
    ac_shm_claims_reap(&c);
    CHECK(ac_shm_claims_enter(&c) == 0);
    for (uint32_t i = 0; i < AC_SHM_CLAIMS; i++)
        ac_store_relaxed(&c.shared->slots[i].owner, ac_peer_self());
    CHECK(ac_shm_claims_enter(&c) == -1); /* full */
    end(&c, &r);
}

int main(void) {
    RUN(an_intent_bounds_what_may_be_recycled);
    RUN(no_more_threads_than_entries_are_inside);
    RUN(the_dead_are_counted_once_and_their_slots_used_again);
    RUN(the_work_of_a_dead_reaper_is_finished);
    RUN(what_is_closed_is_given_back);
    RUN(a_scribbled_table_ends);
    return 0;
}
