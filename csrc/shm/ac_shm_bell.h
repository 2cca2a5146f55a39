/* ac_shm_bell.h - a descriptor that is readable while a queue has something to take.
 *
 * For those who wait in poll, select or epoll together with other things, where no futex can wake them.
 *
 *   bell   an eventfd that all processes share: it is only ever added to, and never read
 *   ear    an epoll instance of one listener's own, in which the bell is edge-triggered: readable from
 *          a ring of the bell until this listener has noticed it
 *
 * A queue with a name is opened by processes that inherit nothing. Its bell is its file: rung by a read
 * of one byte, of which the kernel tells each ear's own inotify instance.
 *
 * So what one listener does to its readiness concerns no other: nobody drains what others wait for, and
 * one who is killed takes nothing along.
 *
 *   listener                                     putter
 *   ac_shm_ear_clear(&ear);                      make the condition true
 *   ac_shm_bell_arm(&ec);                        F1
 *   if (condition) ac_shm_ear_set(&ear, bell);   if (ec.word & AC_EC_LISTENERS)
 *   ... poll(ear.fd) ...                             ac_shm_bell_ring(&ec, bell);
 *
 * The bell hangs on the event count that the putter looks at anyway: with nobody armed it costs a test
 * of one more bit. It is rung once for all listeners, and then the bit is clear until one arms again.
 * README.md beside this file, "Readiness", says why no ring is lost, and what a kill can do.
 */
#ifndef AC_SHM_BELL_H
#define AC_SHM_BELL_H

#include <stdbool.h>

#include "sync/ac_event_count.h"

/* What a bell is: the descriptor of an eventfd; or none; or a file, named by its descriptor, which
 * stays open as long as the bell is used. */
#define AC_SHM_NO_BELL (-1)
AC_INLINE int ac_shm_bell_of_file(int fd) { return -2 - fd; }
AC_INLINE bool ac_shm_bell_is_file(int bell) { return bell <= -2; }

/* Makes a bell that is inherited: a descriptor, closed by exec, or the negative of an errno. */
int ac_shm_bell_create(void);

/* Rings, if somebody has armed. The condition was made true before, and F1 stands between. Any thread. */
void ac_shm_bell_ring(ac_event_count *ec, int bell);

/* Asks for a ring. The condition must be tested after it. The epoch moves, so that a putter who has rung
 * for an earlier listener does not disarm this one; sleepers of the event count look again. */
AC_INLINE void ac_shm_bell_arm(ac_event_count *ec) {
    uint32_t word = ac_load_relaxed(&ec->word);
    while (!ac_cas_acq_rel(&ec->word, &word, (word | AC_EC_LISTENERS) + AC_EC_EPOCH_ONE)) {
    }
    ac_fence_seq_cst(); /* F2: pairs with F1 of the putter */
}

/* One listener's own part. */
typedef struct ac_shm_ear {
    int fd;     /* readable: something may be there */
    int pid;    /* of the process that opened it: a forked child shares it, and must not use it */
    int reads;  /* of a file's bell: the inotify instance, which has something to say from a ring on */
    int always; /* of a file's bell: an eventfd that is never zero, for ac_shm_ear_set */
} ac_shm_ear;

#define AC_SHM_EAR_NONE {.fd = -1, .pid = 0, .reads = -1, .always = -1}
AC_INLINE ac_shm_ear ac_shm_ear_none(void) { return (ac_shm_ear)AC_SHM_EAR_NONE; }

/* Opens the ear, or in a forked child one of its own in the inherited one's place. 0 or an errno. */
int ac_shm_ear_open(ac_shm_ear *ear, int bell);
void ac_shm_ear_close(ac_shm_ear *ear);

/* Whether it is open, and this process's. */
bool ac_shm_ear_is_ours(const ac_shm_ear *ear);

void ac_shm_ear_clear(ac_shm_ear *ear);         /* not readable until the next ring or set */
void ac_shm_ear_set(ac_shm_ear *ear, int bell); /* readable */

#endif
