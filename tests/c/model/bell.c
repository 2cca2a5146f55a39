/* bell.c - ac_shm_bell.h and ac_shm_bell_linux.c under the checker; threads stand for processes, some are killed.
 *
 * The kernel's part is a body of this test: an eventfd is what each ear of it hears, an ear a flag that goes
 * up with each ring and down when it is noticed, and poll sleeps on the flag. Its locks order the ends of one flag
 * against each other (acquire and release) and nothing else. `announce` and `listen` are as in ac_shm_queue.c.
 */
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "sync/ac_event_count.h"

#define BELL 7
#define EARS 2

static ac_atomic_u32 ready[EARS]; /* of each ear: readable */
static ac_atomic_u32 rings;       /* system calls */
static bool level;                /* an ear was opened without EPOLLET */

static ssize_t model_write(int fd, const void *from, size_t bytes) {
    MODEL_CHECK(fd == BELL && bytes == 8 && *(const uint64_t *)from > 0);
    ac_fetch_add_relaxed(&rings, 1);
    for (int i = 0; i < EARS; i++) {
        ac_exchange_acq_rel(&ready[i], 1);
        ac_wake(&ready[i], AC_WAKE_ALL, 0);
    }
    return (ssize_t)bytes;
}
static int model_epoll_wait(int fd, struct epoll_event *event, int most, int timeout) {
    (void)event, (void)most;
    MODEL_CHECK(timeout == 0);
    return (int)ac_exchange_acq_rel(&ready[fd], level);
}
/* The bell is never zero: who begins to wait for it, or begins anew, hears it once. */
static int model_epoll_ctl(int fd, int what, int bell, struct epoll_event *event) {
    MODEL_CHECK(bell == BELL && (what == EPOLL_CTL_ADD || what == EPOLL_CTL_MOD) && (event->events & EPOLLIN));
    if (!(event->events & EPOLLET)) level = true;
    ac_exchange_acq_rel(&ready[fd], 1);
    return 0;
}

#define write model_write
#define epoll_wait model_epoll_wait
#define epoll_ctl model_epoll_ctl
#define epoll_create1(flags) ((void)(flags), opened++)
#define eventfd(first, flags) ((void)(flags), BELL * ((first) > 0))
#define close(fd) ((void)(fd))
#define getpid() 1
static int opened;
#include "shm/ac_shm_bell_linux.c"

static ac_event_count ec;
static ac_atomic_u32 items, ended, taken;
static ac_shm_ear ears[EARS];
static int bell;

static void setup(void) {
    ac_store_relaxed(&ec.word, 0);
    ac_store_relaxed(&items, 0);
    ac_store_relaxed(&ended, 0);
    ac_store_relaxed(&taken, 0);
    ac_store_relaxed(&rings, 0);
    opened = 0;
    level = false;
    bell = ac_shm_bell_create();
    for (int i = 0; i < EARS; i++) {
        ac_store_relaxed(&ready[i], 0);
        ears[i] = (ac_shm_ear)AC_SHM_EAR_NONE;
        MODEL_CHECK(ac_shm_ear_open(&ears[i], bell) == 0 && ears[i].fd == i);
    }
}

/* -- putters and takers */

static void announce(void) {
    ac_fence_seq_cst(); /* F1 */
    if (!(ac_load_relaxed(&ec.word) & AC_EC_ANYBODY)) return;
    ac_ec_notify_one(&ec, AC_WAIT_SHARED);
    ac_shm_bell_ring(&ec, bell);
}
static void put(void) {
    ac_fetch_add_acq_rel(&items, 1);
    announce();
}
static void put_two(void) {
    put();
    put();
}
static void end(void) {
    ac_store_release(&ended, 1);
    ac_ec_notify_all(&ec, AC_WAIT_SHARED);
    ac_shm_bell_ring(&ec, bell);
}
static bool take(void) {
    uint32_t seen = ac_load_acquire(&items);
    while (seen > 0)
        if (ac_cas_acq_rel(&items, &seen, seen - 1)) {
            ac_fetch_add_relaxed(&taken, 1);
            return true;
        }
    return false;
}
static void take_one(void) { (void)take(); }
/* A sleeper of the event count beside the listeners. */
static void sleep_for_one(void) {
    bool slept = false;
    for (;;) {
        const uint32_t key = ac_ec_prepare(&ec);
        if (take()) break;
        ac_ec_wait(&ec, key, AC_FOREVER, AC_WAIT_SHARED);
        slept = true;
    }
    if (slept && ac_load_relaxed(&items) > 0) ac_ec_notify_one(&ec, AC_WAIT_SHARED);
}

/* -- listeners: number of the thread - 1 is the ear's */

static bool listen(void) {
    ac_shm_ear *const ear = &ears[model_self() - 1];
    MODEL_CHECK(ac_shm_ear_is_ours(ear));
    ac_shm_ear_clear(ear);
    ac_shm_bell_arm(&ec);
    if (ac_load_acquire(&items) == 0 && ac_load_acquire(&ended) == 0) return false;
    ac_shm_ear_set(ear, bell);
    return true;
}
static void poll_ear(void) {
    ac_atomic_u32 *const flag = &ready[model_self() - 1];
    while (ac_load_acquire(flag) == 0) (void)ac_wait(flag, 0, AC_FOREVER, AC_WAIT_SHARED);
}
/* As an event loop: what is there is heard of by the descriptor too. */
static void listen_for_one(void) {
    for (;;) {
        (void)listen();
        poll_ear();
        if (take()) return;
    }
}
static void listen_for_two(void) {
    listen_for_one();
    listen_for_one();
}
/* One that looks before it waits. */
static void look_and_listen(void) {
    while (!take())
        if (!listen()) poll_ear();
}
static void listen_for_end(void) {
    do {
        if (!listen()) poll_ear();
    } while (ac_load_acquire(&ended) == 0);
}

static void all_taken(void) { MODEL_CHECK(ac_load_relaxed(&items) == 0); }
static void one_each(void) { MODEL_CHECK(ac_load_relaxed(&taken) == 2 && ac_load_relaxed(&items) == 0); }
/* Nobody is armed, whoever sleeps: no system call. */
static void not_rung(void) { MODEL_CHECK(ac_load_relaxed(&rings) == 0); }
/* One ring serves all, and later puts are free. */
static void armed(void) {
    setup();
    ac_shm_bell_arm(&ec);
}
static void rung_once(void) {
    MODEL_CHECK(ac_load_relaxed(&rings) == 1 && !(ac_load_relaxed(&ec.word) & AC_EC_LISTENERS));
    MODEL_CHECK(ac_load_relaxed(&ready[0]) == 1 && ac_load_relaxed(&ready[1]) == 1);
}

static const model_test tests[] = {
    {.name = "put", .setup = setup, .thread = {look_and_listen, put}, .finish = all_taken, .sc = MODEL_ALL,
     .weak = MODEL_ALL},
    {.name = "loop", .setup = setup, .thread = {listen_for_two, put_two}, .finish = all_taken, .sc = MODEL_ALL,
     .weak = 3},
    {.name = "thief", .setup = setup, .thread = {look_and_listen, put_two, take_one}, .sc = 3, .weak = 2},
    {.name = "two", .setup = setup, .thread = {look_and_listen, listen_for_one, put_two}, .finish = one_each,
     .sc = 3, .weak = 2},
    {.name = "two_putters", .setup = setup, .thread = {listen_for_two, put, put}, .finish = all_taken, .sc = 3,
     .weak = 2},
    {.name = "sleeper", .setup = setup, .thread = {look_and_listen, sleep_for_one, put_two},
     .finish = one_each, .sc = 3, .weak = 1},
    {.name = "end", .setup = setup, .thread = {listen_for_end, listen_for_end, end}, .sc = 3, .weak = 2},
    {.name = "killed", .setup = setup, .thread = {look_and_listen, put, put}, .sc = 3, .weak = 2,
     .mortal = 1u << 2},
    {.name = "killed_listener", .setup = setup, .thread = {look_and_listen, look_and_listen, put_two}, .sc = 2,
     .weak = 1, .mortal = 1u << 1},
    {.name = "nobody", .setup = setup, .thread = {sleep_for_one, put}, .finish = not_rung, .sc = MODEL_ALL,
     .weak = MODEL_ALL},
    {.name = "once", .setup = armed, .thread = {put_two}, .finish = rung_once, .sc = MODEL_ALL,
     .weak = MODEL_ALL},
};
MODEL_MAIN(tests)
