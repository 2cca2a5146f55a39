"""The contexts and the module: a drop-in for the standard one."""

import inspect
import multiprocessing as std
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.context import BaseContext
from pathlib import Path

import pytest
from mp_helpers import METHODS, run_script

from allcores import multiprocessing as mp
from allcores.multiprocessing.contexts import default_context
from allcores.multiprocessing.queues import JoinableQueue, Queue


def test_everything_that_the_standard_module_exports_is_here() -> None:
    missing = [name for name in std.__all__ if not hasattr(mp, name)]
    assert missing == []
    assert set(std.__all__) <= set(mp.__all__)
    assert mp.connection.wait is std.connection.wait
    assert mp.shared_memory.SharedMemory
    assert mp.SUBDEBUG == std.SUBDEBUG
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = mp.nonsense


def test_a_context_is_real_and_makes_our_types(ctx) -> None:
    assert isinstance(ctx, BaseContext)
    assert isinstance(ctx, type(std.get_context(ctx.get_start_method())))
    assert isinstance(ctx.Queue(), Queue)
    assert isinstance(ctx.JoinableQueue(3), JoinableQueue)
    assert issubclass(ctx.Process, std.process.BaseProcess)
    assert hasattr(ctx.Process, "exception")
    assert ctx.get_context() is ctx
    assert ctx.get_context("spawn") is mp.get_context("spawn")
    with pytest.raises(ValueError, match="concrete"):
        ctx.set_start_method("fork")


def test_an_unknown_start_method_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"teleport.*fork forkserver spawn"):
        mp.get_context("teleport")


def test_the_default_is_the_interpreters() -> None:
    assert mp.get_start_method() == std.get_start_method()
    assert mp.get_all_start_methods() == std.get_all_start_methods()
    assert type(default_context.get_context()) is type(mp.get_context(std.get_start_method()))
    assert issubclass(mp.Process, std.Process)
    assert isinstance(mp.Queue(), Queue)


@pytest.mark.parametrize("chooser", ["allcores", "standard"])
def test_the_start_method_is_one_whichever_module_chooses_it(tmp_path: Path, chooser: str) -> None:
    code = """
        import sys
        import multiprocessing as std
        from allcores import multiprocessing as mp

        def tell(queue):
            queue.put((mp.get_start_method(), std.get_start_method()))

        if __name__ == "__main__":
            (mp if sys.argv[1] == "allcores" else std).set_start_method("spawn")
            queue = mp.Queue()
            process = mp.Process(target=tell, args=(queue,))
            process.start()
            assert queue.get(timeout=20) == ("spawn", "spawn")
            process.join()
            assert type(mp.get_context()).__name__ == "SpawnContext"
            assert mp.get_start_method() == std.get_start_method() == "spawn"
    """
    run_script(tmp_path, code, chooser)


def test_the_standard_executor_runs_on_each_context(ctx) -> None:
    with ProcessPoolExecutor(2, mp_context=ctx) as executor:
        assert list(executor.map(abs, range(-20, 0), chunksize=3)) == list(range(20, 0, -1))
        with pytest.raises(ZeroDivisionError):
            executor.submit(divmod, 1, 0).result()


def test_the_standard_pool_runs_on_each_context(ctx) -> None:
    with ctx.Pool(2) as pool:
        assert pool.map(abs, range(-20, 0)) == list(range(20, 0, -1))
        pool.close()
        pool.join()


def test_joblib_runs_on_each_context(ctx) -> None:
    """It takes a context as its backend, and makes a pool with it: our pipes and locks."""
    joblib = pytest.importorskip("joblib")
    with joblib.Parallel(n_jobs=2, backend=ctx, batch_size=3) as parallel:
        assert parallel(joblib.delayed(abs)(i) for i in range(-20, 0)) == list(range(20, 0, -1))
        with pytest.raises(ZeroDivisionError):
            parallel([joblib.delayed(divmod)(1, 0)])


def test_a_manager_runs_on_our_context(fork) -> None:
    with fork.Manager() as manager:
        assert manager.list([1, 2])[1] == 2


def test_the_package_does_not_import_multiprocessing(tmp_path: Path) -> None:
    code = """
        import sys
        import allcores
        assert "multiprocessing" not in sys.modules
        from allcores import multiprocessing
        assert "multiprocessing.connection" in sys.modules
    """
    run_script(tmp_path, code)


@pytest.mark.parametrize("cls", [Queue, JoinableQueue])
def test_every_public_method_has_a_signature(cls: type) -> None:
    names = [name for name in dir(cls) if not name.startswith("_")]
    assert {"put", "get", "put_many", "get_many", "shutdown", "stats"} <= set(names)
    for name in names:
        member = inspect.getattr_static(cls, name)
        if callable(member):
            assert "self" in inspect.signature(member).parameters, name
    standard = inspect.signature(std.queues.Queue.get)
    assert list(inspect.signature(cls.get).parameters) == list(standard.parameters)


@pytest.mark.skipif(
    not hasattr(sys, "_is_gil_enabled") or sys._is_gil_enabled(), reason="needs a free-threaded one"
)
def test_the_gil_stays_off() -> None:
    mp.Queue().put(1)
    assert not sys._is_gil_enabled()


def test_the_start_methods_are_those_of_the_system() -> None:
    assert set(METHODS) == set(mp.get_all_start_methods())
