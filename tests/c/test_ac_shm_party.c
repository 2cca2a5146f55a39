/* Tests of csrc/shm/ac_shm_party.c: who has to do with a queue. */
#include "shm/ac_shm_party.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shm_queue_check.h"

static void processes_are_listed_once_with_what_they_do(void) {
    ac_shm_queue q = new_queue(0, 1 << 20);
    ac_shm_party all[8];
    CHECK(ac_shm_party_list(&q, all, 8) == 0);
    CHECK(!ac_shm_party_all_dead(&q)); /* nobody is not somebody dead */
    CHECK(ac_shm_party_enlist(&q) && ac_shm_party_enlist(&q));
    CHECK(ac_shm_party_list(&q, all, 8) == 1 && all[0].roles == AC_SHM_OPENED && !all[0].dead);
    CHECK((pid_t)(all[0].peer >> 32) == getpid());
    CHECK(put_u64(&q, 1, AC_SHM_TRY) == AC_SHM_OK && expect_take(&q) == 1);
    CHECK(ac_shm_party_list(&q, all, 8) == 1);
    CHECK(all[0].roles == (AC_SHM_OPENED | AC_SHM_PUTS | AC_SHM_TAKES));
    ac_shm_party_delist(&q);
    CHECK(ac_shm_party_list(&q, all, 8) == 1 && all[0].roles == (AC_SHM_PUTS | AC_SHM_TAKES));
    CHECK(!ac_shm_party_all_dead(&q));
    ac_shm_queue_close(&q);
}

static uint32_t entries(const ac_shm_queue *q) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < AC_SHM_OPENERS; i++) n += ac_load_relaxed(&q->shared->openers[i]) != 0;
    return n;
}

static void each_handle_of_a_process_has_an_entry(void) {
    ac_shm_queue q = new_queue(0, 1 << 20), other;
    ac_shm_party all[8];
    CHECK(ac_shm_queue_attach(&other, dup(q.region.fd)) == 0);
    CHECK(ac_shm_party_enlist(&q) && ac_shm_party_enlist(&other) && ac_shm_party_enlist(&other));
    CHECK(entries(&q) == 2 && ac_shm_party_list(&q, all, 8) == 1);
    ac_shm_party_delist(&other);
    ac_shm_party_delist(&other);
    CHECK(entries(&q) == 1 && ac_shm_party_list(&q, all, 8) == 1 && all[0].roles == AC_SHM_OPENED);
    CHECK(ac_shm_party_enlist(&other) && entries(&q) == 2);
    ac_shm_party_delist(&q);
    CHECK(entries(&q) == 1 && ac_shm_party_list(&q, all, 8) == 1);
    ac_shm_party_delist(&other);
    CHECK(entries(&q) == 0);
    ac_shm_queue_close(&other);
    ac_shm_queue_close(&q);
}

/* The parent leaves its place, a second handle of the child gets it: the child's copy of the first one is
 * not enlisted, and takes nothing away. */
static void a_forked_child_leaves_no_place_but_its_own(void) {
    ac_shm_queue q = new_queue(0, 1 << 20), other;
    CHECK(ac_shm_queue_attach(&other, dup(q.region.fd)) == 0);
    CHECK(ac_shm_party_enlist(&q));
    int left[2];
    CHECK(pipe(left) == 0);
    const pid_t child = fork();
    if (child == 0) {
        char byte;
        CHECK(read(left[0], &byte, 1) == 1);
        CHECK(entries(&q) == 0 && ac_shm_party_enlist(&other) && entries(&q) == 1);
        ac_shm_party_delist(&q);
        CHECK(entries(&q) == 1);
        _exit(0);
    }
    ac_shm_party_delist(&q);
    CHECK(write(left[1], "", 1) == 1);
    int how;
    CHECK(waitpid(child, &how, 0) == child && how == 0);
    ac_shm_queue_close(&other);
    ac_shm_queue_close(&q);
}

static void in_child(ac_shm_queue *q, bool enlist, bool use, bool delist) {
    const pid_t child = fork();
    if (child == 0) {
        if (enlist) CHECK(ac_shm_party_enlist(q));
        if (use) CHECK(put_u64(q, 1, AC_SHM_NOWAIT) == AC_SHM_OK && expect_take(q) == 1);
        if (delist) ac_shm_party_delist(q);
        _exit(0);
    }
    int how;
    CHECK(waitpid(child, &how, 0) == child && how == 0);
}

static void only_the_death_of_one_who_had_it_open_counts(void) {
    ac_shm_queue q = new_queue(0, 1 << 20);
    in_child(&q, false, true, false);
    CHECK(!ac_shm_party_all_dead(&q)); /* it has put and taken, and is gone */
    in_child(&q, true, true, true);
    CHECK(!ac_shm_party_all_dead(&q)); /* it left in order */
    in_child(&q, true, false, false);
    CHECK(ac_shm_party_all_dead(&q));
    CHECK(put_u64(&q, 1, AC_SHM_TRY) == AC_SHM_OK);
    CHECK(!ac_shm_party_all_dead(&q)); /* we use it */
    ac_shm_queue_close(&q);
}

static void places_of_the_dead_are_used_again(void) {
    ac_shm_queue q = new_queue(0, 1 << 20);
    for (uint32_t i = 0; i < AC_SHM_OPENERS; i++)
        ac_store_relaxed(&q.shared->openers[i], ac_shm_claims_self(&q.claims) ^ UINT64_C(0x10));
    CHECK(ac_shm_party_enlist(&q)); /* of our number and another start time: dead */
    for (uint32_t i = 0; i < AC_SHM_OPENERS; i++)
        ac_store_relaxed(&q.shared->openers[i], ac_shm_claims_self(&q.claims));
    in_child(&q, false, false, false);
    const pid_t child = fork();
    if (child == 0) _exit(ac_shm_party_enlist(&q)); /* all others live: no place */
    int how;
    CHECK(waitpid(child, &how, 0) == child && how == 0);
    ac_shm_queue_close(&q);
}

int main(void) {
    RUN(processes_are_listed_once_with_what_they_do);
    RUN(each_handle_of_a_process_has_an_entry);
    RUN(a_forked_child_leaves_no_place_but_its_own);
    RUN(only_the_death_of_one_who_had_it_open_counts);
    RUN(places_of_the_dead_are_used_again);
    return 0;
}
