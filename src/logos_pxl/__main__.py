"""``python -m logos_pxl``: the program ``pxl`` of this very interpreter, wherever it is installed."""

from logos_pxl.cli import main

if __name__ == "__main__":
    main()
