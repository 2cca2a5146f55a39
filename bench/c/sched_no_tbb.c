/* In the place of sched_tbb.cpp where there is no C++ compiler, or no oneTBB. */
#include "sched_contender.h"

const sched_contender sched_tbb = {0};
