"""Mutants of what queues between processes have beside their lanes; see model_mutants.py."""

# ruff: noqa: E501  # texts of csrc stand as they are

from model_table import Mutant

EC = "sync/ac_event_count.h"
BELL = "shm/ac_shm_bell.h"
BELL_LINUX = "shm/ac_shm_bell_linux.c"
PARTY = "shm/ac_shm_party.c"

SHM_MUTANTS = [
    # -- bell: the fence, the bit and the step of the epoch of who arms; ring first, then disarm, and whom
    Mutant("bell", BELL, "    ac_fence_seq_cst(); /* F2: pairs with F1 of the putter */\n", "", "deadlock", ("put",)),
    Mutant("bell", BELL, "(word | AC_EC_LISTENERS) + AC_EC_EPOCH_ONE", "word | AC_EC_LISTENERS", "deadlock", ("thief",)),
    Mutant("bell", BELL, "(word | AC_EC_LISTENERS) + AC_EC_EPOCH_ONE", "word + AC_EC_EPOCH_ONE", "deadlock", ("put",)),
    Mutant("bell", BELL, "    while (!ac_cas_acq_rel(&ec->word, &word, (word | AC_EC_LISTENERS) + AC_EC_EPOCH_ONE)) {\n    }\n",
           "    ac_store_seq_cst(&ec->word, (word | AC_EC_LISTENERS) + AC_EC_EPOCH_ONE);\n", "deadlock", ("sleeper",)),
    Mutant("bell", BELL_LINUX, "    if (write(bell, &one, sizeof one) != (ssize_t)sizeof one) return;\n", "    (void)one;\n",
           "deadlock", ("put",)),
    Mutant("bell", BELL_LINUX, "    if (write(bell, &one, sizeof one) != (ssize_t)sizeof one) return;\n",
           "    uint32_t first = seen;\n    (void)ac_cas_acq_rel(&ec->word, &first, first & ~AC_EC_LISTENERS);\n"
           "    if (write(bell, &one, sizeof one) != (ssize_t)sizeof one) return;\n", "deadlock", ("killed",)),
    Mutant("bell", BELL_LINUX, "(word ^ seen) < AC_EC_EPOCH_ONE &&", "true &&", "deadlock", ("thief",)),
    Mutant("bell", BELL_LINUX, "    uint32_t word = seen;\n    while ((word & AC_EC_LISTENERS) && (word ^ seen)",
           "    const uint32_t late = ac_load_acquire(&ec->word);\n    uint32_t word = late;\n    while ((word & AC_EC_LISTENERS) && "
           "(word ^ late)", "deadlock", ("thief",)),
    Mutant("bell", BELL_LINUX, "           !ac_cas_acq_rel(&ec->word, &word, word & ~AC_EC_LISTENERS)) {\n    }\n",
           "           (ac_store_release(&ec->word, word & ~AC_EC_LISTENERS), false)) {\n    }\n", "deadlock", ("thief",)),
    Mutant("bell", BELL_LINUX, "    while ((word & AC_EC_LISTENERS) && (word", "    while (false && (word", "assert", ("once",)),
    Mutant("bell", BELL_LINUX, "    if (!(seen & AC_EC_LISTENERS) || bell < 0) return;\n", "    if (bell < 0) return;\n", "assert",
           ("nobody",)),
    Mutant("bell", BELL_LINUX, "    (void)epoll_ctl(ear->fd, EPOLL_CTL_MOD, bell, &event);\n", "    (void)bell, (void)event, (void)ear;\n",
           "deadlock", ("loop",)),
    Mutant("bell", BELL_LINUX, "    while (epoll_wait(ear->fd, &event, 1, 0) < 0 && errno == EINTR) {\n    }\n", "    (void)ear, (void)event;\n",
           "livelock", ("put",)),
    Mutant("bell", BELL_LINUX, "    struct epoll_event event = {.events = EPOLLIN | EPOLLET};\n    if", "    struct epoll_event event = {.events = EPOLLIN};\n    if",
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
]
