"""The Dockerfile, as far as tests ask about it."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from e2e.running import ROOT


@dataclass(frozen=True)
class Copy:
    """One COPY: from which stage (none: the context), what, and where to."""

    stage: str | None
    sources: tuple[str, ...]
    target: str

    @classmethod
    def of(cls, said: str) -> "Copy":
        """Read what COPY says."""
        words = said.split()
        stage = words.pop(0).removeprefix("--from=") if words[0].startswith("--from=") else None
        return cls(stage, tuple(words[:-1]), words[-1])

    def places(self, working: str) -> Iterator[tuple[str, Path]]:
        """Each source with its path in the image; a folder's content goes to the target itself."""
        target = Path(working, self.target)
        for source in self.sources:
            into = self.target.endswith("/") and not (ROOT / source).is_dir()
            yield source, target / Path(source).name if into else target


@dataclass
class Stage:
    """The instructions from one FROM to the next: each a word in capitals, and the rest on one line."""

    base: str
    instructions: list[tuple[str, str]] = field(default_factory=list)

    def all(self, word: str) -> list[str]:
        """What all instructions of this word say."""
        return [rest for instruction, rest in self.instructions if instruction == word]

    def one(self, word: str) -> str:
        """What the only instruction of this word says."""
        [said] = self.all(word)
        return said

    @property
    def copies(self) -> list[Copy]:
        """What is copied, in order."""
        return [Copy.of(said) for said in self.all("COPY")]

    @property
    def environment(self) -> dict[str, str]:
        """What ENV sets."""
        pairs = [pair.partition("=") for said in self.all("ENV") for pair in shlex.split(said)]
        return {name: value for name, _, value in pairs}

    @property
    def packages(self) -> list[str]:
        """The Debian packages that RUN installs."""
        commands = re.findall(r"apt-get install ([^&]*)", " ".join(self.all("RUN")))
        return [word for command in commands for word in command.split() if not word.startswith("-")]


def stages() -> dict[str, Stage]:
    """The stages by their names; the last one has none."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    found: dict[str, Stage] = {}
    current = Stage("")
    for line in filter(None, map(str.strip, text.splitlines())):
        word, rest = line.split(None, 1)
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            current = found[name] = Stage(base)
        else:
            current.instructions.append((word, rest.strip()))
    return found
