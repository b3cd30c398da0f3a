"""What .dockerignore keeps from the build: Docker's rules, the last that fits counts."""

import re
from pathlib import Path


class Ignoring:
    """The rules of one file."""

    def __init__(self, file: Path) -> None:
        lines = [line.strip() for line in file.read_text().splitlines()]
        self._rules = [(not line.startswith("!"), _pattern(line.removeprefix("!"))) for line in lines if line and not line.startswith("#")]

    def ignores(self, path: str) -> bool:
        """Whether this file, named from the context's root, is kept from the build."""
        ignored = False
        for ignore, pattern in self._rules:
            if pattern.fullmatch(path):
                ignored = ignore
        return ignored


def _pattern(rule: str) -> re.Pattern[str]:
    """A rule fits what it names, and all below it; ``**`` stands for any folders, ``*`` for anything within a name."""
    words = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*/|\*\*|\*|\?|\[[^]]*\])", rule.strip("/"))
    return re.compile("".join(words.get(part, part if part.startswith("[") else re.escape(part)) for part in parts) + "(?:/.*)?")
