/* Tests of csrc/shm/ac_peer.h: the dead, the stopped, the not yet waited for, the number used again. */
#include "shm/ac_peer.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static void a_process_is_itself_and_alive(void) {
    const uint64_t self = ac_peer_self();
    CHECK(self == ac_peer_self() && (self & 1) == 1 && self >> 32 == (uint64_t)getpid());
    CHECK(!ac_peer_is_dead(self));
    CHECK(!ac_peer_is_dead((uint64_t)getppid() << 32 | 1)); /* of an unknown start */
}

static void a_child_is_another_and_dead_before_its_parent_waits(void) {
    int ends[2];
    uint64_t peer = 0;
    CHECK(pipe(ends) == 0);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        const uint64_t self = ac_peer_self();
        (void)!write(ends[1], &self, sizeof self);
        for (;;) pause();
    }
    CHECK(read(ends[0], &peer, sizeof peer) == (ssize_t)sizeof peer);
    CHECK(peer != ac_peer_self() && !ac_peer_is_dead(peer));
    CHECK(kill(child, SIGSTOP) == 0);
    int status;
    CHECK(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status));
    CHECK(!ac_peer_is_dead(peer)); /* stopped is not dead */
    /* The same number with another start is another process, which is gone. */
    CHECK(ac_peer_is_dead(peer ^ 8));
    CHECK(kill(child, SIGKILL) == 0);
    siginfo_t info;
    CHECK(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT) == 0);
    CHECK(kill(child, 0) == 0); /* what one would ask naively */
    CHECK(ac_peer_is_dead(peer));
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(ac_peer_is_dead(peer));
    close(ends[0]);
    close(ends[1]);
}

static void what_is_no_process_is_dead(void) {
    CHECK(ac_peer_is_dead(0));
    CHECK(ac_peer_is_dead(1));
    CHECK(ac_peer_is_dead(UINT64_MAX));
    CHECK(ac_peer_is_dead(UINT64_C(0x7fffffff) << 32 | 1));
}

int main(void) {
    RUN(a_process_is_itself_and_alive);
    RUN(a_child_is_another_and_dead_before_its_parent_waits);
    RUN(what_is_no_process_is_dead);
    return 0;
}
