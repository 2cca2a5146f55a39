"""The version of the Python files, and the check that the compiled ones have the same."""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from allcores.errors import NativeImportError

VERSION = "0.1.0"

_WHAT_TO_TYPE = (
    "Type 'python -m pip install --force-reinstall allcores', "
    "or in a checkout: 'make build' (or 'python -m pip install -e .')"
)


def missing_compiled(module: str) -> "NativeImportError":
    """Return the error for a compiled module that this interpreter cannot find."""
    from allcores.errors import NativeImportError  # it imports the standard queue module

    return NativeImportError(
        f"the compiled module {module} is missing for {sys.implementation.cache_tag} "
        f"(ABI flags {getattr(sys, 'abiflags', '')!r}): allcores {VERSION} was not built for this "
        f"interpreter. {_WHAT_TO_TYPE}",
        name=module,
    )


def check_compiled(module: str, version: str) -> None:
    """Raise `NativeImportError` unless a compiled module carries this version.

    Parameters
    ----------
    module : str
        Its name, for the message.
    version : str
        The version that was compiled into it.
    """
    if version != VERSION:
        from allcores.errors import NativeImportError

        raise NativeImportError(
            f"the compiled module {module} is of allcores {version}, the Python files beside it "
            f"are of {VERSION}. {_WHAT_TO_TYPE}",
            name=module,
        )
