"""Where the C headers are."""

import os

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_MARK = os.path.join("base", "ac_base.h")


def get_include() -> str:
    """Return the directory of the C headers, for a compiler's ``-I``.

    Returns
    -------
    str
        Absolute. In an installed package ``allcores/include``; in a source tree ``csrc``.

    Raises
    ------
    FileNotFoundError
        This installation has no headers.

    Notes
    -----
    Any thread may call it. What is in them, and the ``.pxd`` files: docs/extensions.md.
    """
    places = (
        os.path.join(_PACKAGE, "include"),
        os.path.join(os.path.dirname(os.path.dirname(_PACKAGE)), "csrc"),
    )
    for place in places:
        if os.path.isfile(os.path.join(place, _MARK)):
            return place
    raise FileNotFoundError(
        f"no {_MARK} below {' or '.join(places)}: this installation of allcores lacks its headers; "
        "install it again from a wheel"
    )
