# What the other compiled modules take from runtime: an execution context, and its end.
from allcores._native.c_sched cimport ac_exec

# Fills *ex: threads (None, or an int from 1 to AC_POOL_MAX_THREADS; else TypeError or ValueError),
# the pool, the instruction set, and a poll for signals if this thread may handle them.
cdef int runtime_exec(ac_exec *ex, object threads) except -1

# Turns a negative result of a kernel into the exception that it stands for; 0 otherwise.
cdef int runtime_raise(int rc) except -1

# True in the thread that runs signal handlers: its waits are cut in slices.
cdef bint runtime_in_main_thread() noexcept
