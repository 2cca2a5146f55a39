"""The public names of allcores that the cases use, or a sentence on why one is not there."""

import importlib
from typing import Any

from bench.harness.contender import NotAvailable


def ours(module: str, name: str) -> Any:
    """Return a public name, such as ``ours("kernels", "sum")``.

    Raises
    ------
    NotAvailable
        The module cannot be imported, or has no such name.
    """
    try:
        return getattr(importlib.import_module(f"allcores.{module}"), name)
    except ImportError as error:
        raise NotAvailable(f"allcores.{module}: {error}") from None
    except AttributeError:
        raise NotAvailable(f"allcores.{module} has no {name}") from None
