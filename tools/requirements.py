"""Prints requirements out of pyproject.toml, one a line, for pip install -r.

python tools/requirements.py build     what the build needs
python tools/requirements.py test      what the extra [test] adds; likewise any other extra

pip itself installs an extra only together with the package, which would build it again.
"""

import sys
import tomllib
from pathlib import Path


def requirements(name: str) -> list[str]:
    text = Path(__file__).parent.parent.joinpath("pyproject.toml").read_text(encoding="utf-8")
    project = tomllib.loads(text)
    if name == "build":
        return project["build-system"]["requires"]
    return project["project"]["optional-dependencies"][name]


if __name__ == "__main__":
    print("\n".join(requirements(sys.argv[1])))
