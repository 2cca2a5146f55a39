"""The jobs of `allcores speedup`, one a file: the same work as plain Python and in every mode."""

from importlib import import_module

from allcores.cli.jobs.job import Job

__all__ = ["JOB_NAMES", "job_class"]

#: In the order in which they run.
JOB_NAMES = ("words", "parse", "pipeline", "order", "cpu")


def job_class(name: str) -> type[Job]:
    """Return the class of a job. Only the process that measures it needs its imports."""
    module = import_module(f"allcores.cli.jobs.{name}")
    found: type[Job] = module.JOB
    return found
