/* history.h - what the operations of an execution returned, and whether a queue could have said so.
 *
 * Each operation is noted by its thread; the check looks for an order of all of them that a sequential
 * queue would have answered in the same way, and in which no operation comes before one that it came
 * after (linearizability, Herlihy and Wing 1990). "After": by the steps of the execution under sequential
 * consistency, by happens-before in weak mode. Six operations have 720 orders: all are tried.
 */
#ifndef HISTORY_H
#define HISTORY_H

#include "base/ac_base.h"

#include "model.h"

enum { H_PUSH, H_POP, H_CLOSE };
typedef struct history_op {
    int kind, status, thread;
    uint64_t wanted, done, items[3];
    uint64_t begin, end;
    uint32_t before[MODEL_THREADS], epoch;
} history_op;

static history_op history_ops[MODEL_THREADS][4]; /* by the thread of that number */
static int history_count[MODEL_THREADS];

AC_UNUSED static void history_clear(void) {
    for (int t = 0; t < MODEL_THREADS; t++) history_count[t] = 0;
}

static history_op *history_begin(int kind, uint64_t wanted) {
    const int t = model_self();
    history_op *const op = &history_ops[t][history_count[t]++];
    op->kind = kind;
    op->wanted = wanted;
    op->done = 0;
    op->thread = t;
    op->begin = model_now();
    model_clock(op->before);
    return op;
}

static void history_end(history_op *op, int status) {
    uint32_t clock[MODEL_THREADS];
    op->status = status;
    op->end = model_now();
    model_clock(clock);
    op->epoch = clock[op->thread];
}

/* The operations of a test: `call` is an expression that returns a status. */
#define HISTORY_PUSH(item, call)                            \
    do {                                                    \
        history_op *const op_ = history_begin(H_PUSH, 1);   \
        op_->items[0] = (item);                             \
        const int status_ = (call);                         \
        op_->done = status_ == AC_OK;                       \
        history_end(op_, status_);                          \
    } while (0)
#define HISTORY_POP(to, call)                               \
    do {                                                    \
        uintptr_t to = 0;                                   \
        history_op *const op_ = history_begin(H_POP, 1);    \
        const int status_ = (call);                         \
        op_->done = status_ == AC_OK;                       \
        op_->items[0] = to;                                 \
        history_end(op_, status_);                          \
    } while (0)
#define HISTORY_PUSH_TWO(first, items, done, call)          \
    do {                                                    \
        const uintptr_t items[2] = {(first), (first) + 1};  \
        uint64_t done = 0;                                  \
        history_op *const op_ = history_begin(H_PUSH, 2);   \
        op_->items[0] = items[0];                           \
        op_->items[1] = items[1];                           \
        const int status_ = (call);                         \
        op_->done = done;                                   \
        history_end(op_, status_);                          \
    } while (0)
#define HISTORY_POP_TWO(items, done, call)                  \
    do {                                                    \
        uintptr_t items[2] = {0, 0};                        \
        uint64_t done = 0;                                  \
        history_op *const op_ = history_begin(H_POP, 2);    \
        const int status_ = (call);                         \
        op_->done = done;                                   \
        op_->items[0] = items[0];                           \
        op_->items[1] = items[1];                           \
        history_end(op_, status_);                          \
    } while (0)
#define HISTORY_CLOSE(call)                                 \
    do {                                                    \
        history_op *const op_ = history_begin(H_CLOSE, 0);  \
        call;                                               \
        history_end(op_, AC_OK);                            \
    } while (0)

typedef struct history_state {
    uint64_t items[16];
    int count, limit;
    bool closed, lifo;
} history_state;

static bool history_precedes(const history_op *a, const history_op *b) {
    if (a->thread == b->thread) return a < b;
    return model_is_weak() ? a->epoch <= b->before[a->thread] : a->end <= b->begin;
}

static bool history_apply(history_state *s, const history_op *op) {
    uint64_t n = op->wanted;
    if (op->kind == H_CLOSE) {
        s->closed = true;
        return true;
    }
    if (op->kind == H_PUSH) {
        const uint64_t room = s->count < s->limit ? (uint64_t)(s->limit - s->count) : 0;
        if (op->status == AC_CLOSED) return s->closed;
        if (s->closed) return false;
        if (op->status == AC_FULL) return room == 0;
        if (n > room) n = room;
        if (op->status != AC_OK || op->done == 0 || op->done > n) return false;
        n = op->done; /* fewer than would fit: what it saw may have been older */
        for (uint64_t i = 0; i < n; i++) s->items[s->count++] = op->items[i];
        return true;
    }
    if (op->status == AC_EMPTY) return s->count == 0 && !s->closed;
    if (op->status == AC_CLOSED) return s->count == 0 && s->closed;
    if (n > (uint64_t)s->count) n = (uint64_t)s->count;
    if (op->status != AC_OK || op->done == 0 || op->done > n) return false;
    n = op->done;
    for (uint64_t i = 0; i < n; i++) {
        const int at = s->lifo ? s->count - 1 : 0;
        if (s->items[at] != op->items[i]) return false;
        s->count--;
        for (int k = at; k < s->count; k++) s->items[k] = s->items[k + 1];
    }
    return true;
}

static bool history_search(const history_op *const *ops, int count, uint32_t left,
                           const history_state *state) {
    if (left == 0) return true;
    for (int i = 0; i < count; i++) {
        if (!(left >> i & 1)) continue;
        bool first = true;
        for (int k = 0; k < count && first; k++)
            first = k == i || !(left >> k & 1) || !history_precedes(ops[k], ops[i]);
        history_state next = *state;
        if (first && history_apply(&next, ops[i]) &&
            history_search(ops, count, left & ~(1u << i), &next))
            return true;
    }
    return false;
}

static bool history_refused(const history_op *op) {
    return op->status == AC_EMPTY || op->status == AC_FULL;
}

/* All that succeeded, and of the refused ones this; or, for NULL, all. */
static bool history_fits(const history_op *const *all, int total, const history_op *refused, int limit,
                         bool lifo) {
    const history_op *ops[MODEL_THREADS * 4];
    int count = 0;
    for (int i = 0; i < total; i++)
        if (refused == NULL || all[i] == refused || !history_refused(all[i])) ops[count++] = all[i];
    const history_state state = {.limit = limit, .lifo = lifo};
    return history_search(ops, count, (1u << count) - 1, &state);
}

/* Fails the execution unless a queue with room for `limit` could have answered like that. In weak mode
 * each refusal is judged without the others: a push that is told "full" and a pop that is told
 * "empty" may both have seen the other side late, as in store buffering, and then no one order has both. */
AC_UNUSED static void history_check(int limit, bool lifo) {
    const history_op *ops[MODEL_THREADS * 4];
    int count = 0, refused = 0;
    bool good = true;
    for (int t = 0; t < MODEL_THREADS; t++)
        for (int i = 0; i < history_count[t]; i++) ops[count++] = &history_ops[t][i];
    for (int i = 0; model_is_weak() && i < count && good; i++)
        if (history_refused(ops[i])) {
            refused++;
            good = history_fits(ops, count, ops[i], limit, lifo);
        }
    if (refused == 0) good = history_fits(ops, count, NULL, limit, lifo);
    if (good) return;
    char text[400] = "";
    size_t at = 0;
    for (int i = 0; i < count && at < sizeof text - 60; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, " %d:%s(%d %d)=%d", ops[i]->thread,
                               ops[i]->kind == H_PUSH  ? "push"
                               : ops[i]->kind == H_POP ? "pop"
                                                       : "close",
                               (int)ops[i]->items[0], (int)ops[i]->done, ops[i]->status);
    model_fail("history", "no queue answers like that:%s", text);
}

#endif
