/* Permits with owners: who has one, and that those of the dead come back, whenever they die. */
#include "shm/ac_shared_permits.h"

#include "check.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static ac_shared_permits *make(uint32_t count) {
    ac_shared_permits *const p =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(p != MAP_FAILED);
    p->count = count;
    return p;
}

static void test_it_counts_by_owner(void) {
    ac_shared_permits *const p = make(2);
    CHECK(!ac_shared_permits_give(p, 7));
    CHECK(ac_shared_permits_take(p, 7) && ac_shared_permits_take(p, 8));
    CHECK(!ac_shared_permits_take(p, 9) && ac_shared_permits_free(p) == 0);
    CHECK(!ac_shared_permits_give(p, 9));
    CHECK(ac_shared_permits_give(p, 8) && !ac_shared_permits_give(p, 8));
    CHECK(ac_shared_permits_free(p) == 1);
    munmap(p, 4096);
}

static void test_the_dead_give_back_and_the_living_do_not(void) {
    uint64_t seed = check_seed();
    ac_shared_permits *const p = make(5);
    const uint64_t me = ac_shared_id_self();
    CHECK(ac_shared_permits_take(p, me));
    for (uint64_t round = 0; round < check_scale(60); round++) {
        const pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            const uint64_t id = ac_shared_id_self();
            for (;;) {
                ac_shared_permits_take(p, id);
                ac_shared_permits_take(p, id);
                ac_shared_permits_give(p, id);
            }
        }
        usleep((useconds_t)(check_random(&seed) % 2000));
        CHECK(kill(child, SIGSTOP) == 0 && waitpid(child, NULL, WUNTRACED) == child);
        CHECK(ac_shared_permits_reap(p, me, true) == 0);
        CHECK(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child);
        ac_shared_permits_reap(p, me, true);
        CHECK(ac_shared_permits_free(p) == 4);
    }
    munmap(p, 4096);
}

int main(void) {
    RUN(test_it_counts_by_owner);
    RUN(test_the_dead_give_back_and_the_living_do_not);
    return 0;
}
