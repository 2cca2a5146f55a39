/* ac_wait_linux.c - the one copy of ac_wait_linux.h in a module of ours. */
#include "wait/ac_wait_linux.h"

typedef int ac_wait_linux_is_in_its_header; /* a file of C may not be empty */
