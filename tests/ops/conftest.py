"""A server that tests share, and an empty folder."""

from e2e.conftest import folder, server

__all__ = ["folder", "server"]
