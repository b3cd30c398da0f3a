"""The version of the distribution ``logos-pxl``, which ``pyproject.toml`` reads from here."""

__version__ = "0.5.0"
