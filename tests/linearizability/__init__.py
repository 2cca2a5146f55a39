"""Were the answers of a queue, given to many threads at once, those of some queue used by one thread?

`history` records what threads asked and were told, `monitor` judges it in O(n log n), `search` judges
short histories by trying everything (the monitor is measured against it), `samples` makes short random
histories, `broken` holds queues with one defect each, which the monitor must notice.
"""
