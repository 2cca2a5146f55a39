# A heap for PriorityQueue that nothing happens to when a comparison raises: heapq.heappush leaves the
# item inside then, and heapq.heappop loses one.

cdef int heap_changed() except -1:
    raise RuntimeError("the queue was changed from outside while its items were compared")


@cython.boundscheck(True)
cdef int heap_put(list heap, object item) except -1:
    # heapq.heappush, comparison for comparison; but nothing moves before the last one was made.
    cdef Py_ssize_t size = len(heap), pos = size, parent
    while pos > 0:
        parent = (pos - 1) >> 1
        smaller = item < heap[parent]
        if len(heap) != size:
            heap_changed()
        if not smaller:
            break
        pos = parent
    heap.append(item)
    while size > pos:
        parent = (size - 1) >> 1
        heap[size] = heap[parent]
        size = parent
    heap[pos] = item
    return 0


@cython.boundscheck(True)
cdef object heap_get(list heap):
    # heapq.heappop, likewise.
    cdef Py_ssize_t path[64]  # where the smaller children stand, from the root down
    cdef Py_ssize_t size = len(heap), end = size - 1, child = 1, depth = 0, i
    if size < 2:
        return heap.pop()
    top, last = heap[0], heap[end]
    path[0] = 0
    while child < end:
        if child + 1 < end:
            smaller = heap[child] < heap[child + 1]
            if len(heap) != size:
                heap_changed()
            if not smaller:
                child += 1
        depth += 1
        path[depth] = child
        child = 2 * child + 1
    while depth > 0:
        smaller = last < heap[path[depth]]
        if len(heap) != size:
            heap_changed()
        if not smaller:
            break
        depth -= 1
    heap.pop()
    for i in range(depth):
        heap[path[i]] = heap[path[i + 1]]
    heap[path[depth]] = last
    return top
