"""What the command asks of the operating system, by the system's own file."""

import sys

if sys.platform == "linux":
    from allcores.cli.system_linux import adopt_orphans, cpu_seconds_of, end_with_parent
else:
    from allcores.cli.system_other import adopt_orphans, cpu_seconds_of, end_with_parent

__all__ = ["adopt_orphans", "cpu_seconds_of", "end_with_parent"]
