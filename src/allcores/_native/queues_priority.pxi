cdef class PriorityQueue(Queue):
    """PriorityQueue(maxsize=0)\n--\n
    A queue between threads that gives the smallest item first: `queue.PriorityQueue`.

    Parameters
    ----------
    maxsize : number, default 0
        As for `Queue`.

    Notes
    -----
    Thread-safe: a binary heap (`heapq`, comparison for comparison) under a lock, because comparing
    items runs Python code. That code may put into the same queue: the item goes in when the operation
    is done; a get from there raises `RuntimeError`. When a comparison raises, the exception goes to
    the caller and the queue is as it was before. `get_many` returns the smallest first.

    Examples
    --------
    >>> from allcores.queue import PriorityQueue
    >>> q = PriorityQueue()
    >>> q.put_many([3, 1, 2]); q.peek(), q.get_many(3)
    (1, [1, 2, 3])
    """

    def __init__(self, maxsize=0):
        begin_locked(self, overrides(self, PriorityQueue), maxsize)

    def peek(self):
        """Return the smallest item and leave it inside.

        Raises
        ------
        Empty, ShutDown
            There is none; `peek` never waits.
        """
        if self.ch == NULL:
            not_initialised(self)
        return side_of(self).peek(self)
