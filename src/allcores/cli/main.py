"""The entry point: reads the arguments, runs one command, turns what happened into an exit code."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from allcores._common import quiet_start
from allcores._common.version import VERSION
from allcores.cli.exits import Failure, Terminated, UsageError

__all__ = ["main"]

_DESCRIPTION = """\
Use every core from Python: what this machine has, and what it gains.

  allcores speedup          measure five real jobs: serial, threads, processes; standard and ours
  allcores speedup --quick  the same in some seconds
  allcores info             interpreter, GIL, cores, SIMD, shared memory, versions
  allcores ipc list         shared memory in use: queues, who has them, what the dead left
"""

_SPEEDUP = """\
Runs five jobs on real input, each as plain serial Python, with the standard library's threads and
processes and with ours, and prints what each gained. All must give the same answer.

  words     count every word and how many have seven letters     (allcores: a kernel)
  parse     parse every Python file, count the kinds of nodes    (pure Python)
  pipeline  files -> queue -> workers -> queue -> merge          (objects through queues)
  order     sort and stable argsort of ten million hashes        (allcores: kernels)
  cpu       a mandelbrot image, and counting primes              (allcores: kernels)

Each cell is the median of three rounds; a round runs all modes one after the other. Starting
processes is not counted. The ceiling is what independent processes, which share nothing and merge
nothing, reach together on this machine.
"""

_IPC = """\
Shows the shared memory of allcores that is in use: queues with a name (in /dev/shm), and queues, locks
and arrays without one (through /proc, of processes that this user may look at).

  list     a line for each: user, memory, objects inside, processes, dead participants
  inspect  all that is known of each, or of one
  stats    the numbers of the queues
  repair   takes back what dead processes held, and removes queues with a name of which all
           processes were killed; those that somebody has open, or left in order, stay
"""


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, and where to read more."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; '{self.prog} --help' lists what there is")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments, without the command's name; by default those of the process.

    Returns
    -------
    int
        The exit code; `allcores.cli.exits` lists them.
    """
    try:
        try:
            quiet_start.run()
            code = _answer(argv)
        except KeyboardInterrupt:
            code = 130
        quiet_start.end()
    except KeyboardInterrupt:  # it came between the two
        code = 130
    return code


def _answer(argv: Sequence[str] | None) -> int:
    """Run the command; only KeyboardInterrupt and SystemExit, which --help raises, come out."""
    try:
        code = _run(argv)
        if sys.stdout is not None:
            sys.stdout.flush()
        return code
    except UsageError as error:
        return _say(error, 2)
    except Failure as error:
        return _say(error, 1)
    except Terminated as end:
        return 128 + end.number
    except BrokenPipeError:
        # The interpreter flushes once more at its end: let that go nowhere.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
        return 141
    except OSError as error:
        return _say(error, 1)  # standard output is full, say


def _say(error: Exception, code: int) -> int:
    if sys.stderr is not None:
        line = " ".join(str(error).splitlines())
        try:
            print(f"allcores: {line}", file=sys.stderr, flush=True)
        except OSError:
            pass  # nobody can be told
    return code


def _run(argv: Sequence[str] | None) -> int:
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")  # a path may hold any bytes
    arguments = _parser().parse_args(argv)
    command: Callable[[Any], int] | None = getattr(arguments, "command", None)
    if command is None:
        _parser().print_help()
        return 0
    return command(arguments)


def _parser() -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    parser = _Parser(prog="allcores", description=_DESCRIPTION, formatter_class=raw)
    parser.add_argument("--version", action="version", version=f"allcores {VERSION}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    speedup = commands.add_parser(
        "speedup",
        help="measure what threads and processes gain here",
        description=_SPEEDUP,
        formatter_class=raw,
    )
    speedup.add_argument("--jobs", metavar="A[,B...]", help="only these jobs")
    speedup.add_argument(
        "--workers", metavar="N[,M...]", help="numbers of workers; by default 1, 2, 4 ... all cores"
    )
    speedup.add_argument(
        "--input",
        metavar="PATH",
        help="a file or a folder, any bytes; by default this Python's standard library",
    )
    speedup.add_argument("--json", metavar="FILE", help="also write every measured value there")
    length = speedup.add_mutually_exclusive_group()
    length.add_argument("--quick", action="store_true", help="small samples: some seconds in all")
    length.add_argument("--full", action="store_true", help="all of the input, nine rounds")
    speedup.set_defaults(command=_speedup)

    info = commands.add_parser(
        "info", help="what allcores sees of this machine", description="What allcores sees here."
    )
    info.add_argument("--json", action="store_true", help="print JSON instead of text")
    info.set_defaults(command=_info)

    ipc = commands.add_parser(
        "ipc",
        help="shared memory of allcores on this machine",
        description=_IPC,
        formatter_class=raw,
    )
    ipc.add_argument("action", choices=("list", "inspect", "stats", "repair"))
    ipc.add_argument("object", nargs="?", help="only this one, as 'list' calls it")
    ipc.add_argument("--json", action="store_true", help="print JSON instead of text")
    ipc.set_defaults(command=_ipc)
    return parser


# Each command is imported when it runs: --help must not wait for multiprocessing or the kernels.


def _speedup(arguments: argparse.Namespace) -> int:
    from allcores.cli.speedup.command import speedup

    return speedup(arguments)


def _info(arguments: argparse.Namespace) -> int:
    from allcores.cli.info import info

    return info(as_json=arguments.json)


def _ipc(arguments: argparse.Namespace) -> int:
    from allcores.cli.ipc import ipc

    return ipc(arguments.action, arguments.object, arguments.json)
