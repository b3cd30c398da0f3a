"""Programs that stand in for docker-compose and kubectl: they write down how they were called, and answer as they were told."""

import json
import sys
from pathlib import Path

_SOURCE = """#!{python}
import json, os, pathlib, sys
here = pathlib.Path(__file__)
with open({calls!r}, "a") as calls:
    calls.write(json.dumps([here.name, *sys.argv[1:]]) + "\\n")
for answer in json.loads(pathlib.Path({answers!r}).read_text()):
    if set(answer["to"]) <= set(sys.argv[1:]):
        sys.stdout.write(answer["out"])
        sys.stderr.write(answer["err"])
        sys.exit(answer["status"])
"""


class Recorder:
    """Makes stand-ins in ``folder``, which belongs on the search path."""

    def __init__(self, folder: Path, *names: str) -> None:
        folder.mkdir()
        self.folder = folder
        self._calls = folder / "calls"
        self._answers = folder / "answers"
        self._answers.write_text("[]")
        for name in names:
            program = folder / name
            program.write_text(_SOURCE.format(python=sys.executable, calls=str(self._calls), answers=str(self._answers)))
            program.chmod(0o755)

    def answer(self, *to: str, out: str = "", err: str = "", status: int = 0) -> None:
        """From now on, calls that have these arguments are answered so; the latest such answer counts."""
        answers = [{"to": to, "out": out, "err": err, "status": status}, *json.loads(self._answers.read_text())]
        self._answers.write_text(json.dumps(answers))

    def calls(self) -> list[list[str]]:
        """Every call so far, with the program's name, and forget them."""
        if not self._calls.exists():
            return []
        calls = [json.loads(line) for line in self._calls.read_text().splitlines()]
        self._calls.unlink()
        return calls
