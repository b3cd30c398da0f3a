#!/usr/bin/env python3
"""The acceptance run of the operations manual, against any running service: ``python integration_test_suite.py --url URL``.

Needs Python 3.11 and nothing else: it takes the package from where it is installed, or from the sources beside this file.
"""

import importlib.util
import sys
from pathlib import Path

if importlib.util.find_spec("logos_pxl") is None:
    sys.path[:0] = [str(Path(__file__).resolve().parent / folder) for folder in ("src", "client/src")]

from logos_pxl.acceptance.main import main

if __name__ == "__main__":
    sys.exit(main())
