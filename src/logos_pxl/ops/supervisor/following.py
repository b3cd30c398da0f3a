"""What is added to a log."""

import codecs
import os
import sys
import time
from pathlib import Path
from typing import BinaryIO

_LOOK_S = 0.25
_PIECE_BYTES = 1 << 16


class Follower:
    """Gives what is added to a file, also after it was renamed, truncated, or made for the first time.

    It looks at the file's size, and reads only when there is more: the service holds its lines back while its log is being read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._place = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._file: BinaryIO | None = self._opened()
        if self._file is not None:
            self._place = self._file.seek(0, os.SEEK_END)

    def close(self) -> None:
        """Follow no more."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def added(self) -> str:
        """What came since the last call."""
        text = self._more()
        if self._replaced():
            # What the former file got last is not lost.
            text += self._more()
            self.close()
            self._place = 0
            self._file = self._opened()
            text += self._more()
        return text

    def _opened(self) -> BinaryIO | None:
        try:
            return self._path.open("rb")
        except FileNotFoundError:
            return None

    def _more(self) -> str:
        if self._file is None:
            return ""
        size = os.fstat(self._file.fileno()).st_size
        if size < self._place:
            self._place = 0
        pieces = []
        while self._place < size:
            self._file.seek(self._place)
            piece = self._file.read(_PIECE_BYTES)
            if not piece:
                break
            self._place += len(piece)
            pieces.append(self._decoder.decode(piece))
        return "".join(pieces)

    def _replaced(self) -> bool:
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return False
        if self._file is None:
            return True
        ours = os.fstat(self._file.fileno())
        return (there.st_dev, there.st_ino) != (ours.st_dev, ours.st_ino)


def write_following(follower: Follower) -> None:
    """Write what is added to standard output, until Ctrl-C or until nobody reads it any more."""
    try:
        while True:
            if text := follower.added():
                sys.stdout.write(text)
                sys.stdout.flush()
            time.sleep(_LOOK_S)
    except KeyboardInterrupt:
        return
    except BrokenPipeError:
        # The interpreter would flush once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
