/* ac_mandelbrot.h - how soon each point of a grid leaves the circle of radius 2.
 *
 * The point of column c and row r is x = xmin + c * ((xmax - xmin) / width), y likewise. Its count
 * is the number of steps z -> z*z + point, from z = 0, after which |z| > 2 is first seen, or
 * max_iter. Points inside the main cardioid or the circle left of it get max_iter without a step.
 * The same bits for every thread count and instruction set: no fused multiply-add, one order of
 * operations.
 */
#ifndef AC_MANDELBROT_H
#define AC_MANDELBROT_H

#include "kernels/ac_dtype.h"
#include "sched/ac_exec.h"

typedef struct ac_mandelbrot_grid {
    int64_t width, height; /* >= 0 */
    double xmin, xmax, ymin, ymax;
    uint32_t max_iter;
} ac_mandelbrot_grid;

/* Writes width * height counts, row after row. Returns 0 or AC_STOPPED_BY_POLL. */
int ac_mandelbrot(const ac_exec *ex, const ac_mandelbrot_grid *grid, ac_u32_at *counts);

#endif
