"""``python -m logos_pxl`` is ``pxl``."""

from logos_pxl.cli import main

main()
