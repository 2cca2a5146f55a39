"""``python -m allcores``: the command."""

import sys

from allcores.cli.main import main

sys.exit(main())
