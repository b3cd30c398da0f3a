"""CONTRIBUTING.md names the files for ten common changes."""

import re

import pytest
from documents.blocks import ROOT

TEXT = (ROOT / "CONTRIBUTING.md").read_text()
TABLE = TEXT.partition("## Ten common changes")[2].partition("\n\n**")[0]
TASKS = dict(re.findall(r"^\| (an? .+?) \| (.+) \|$", TABLE, re.MULTILINE))
MOST_FILES = 4


def files(text: str) -> set[str]:
    return set(re.findall(r"`([\w.]+/[\w./-]+)`", text))


def test_there_are_ten_tasks() -> None:
    """The eight with their files in the table, and a rule and an axiom with theirs below."""
    assert len(TASKS) == 10
    assert [task for task, where in TASKS.items() if where == "see below"] == ["a certificate rule", "an axiom of the logic"]


@pytest.mark.parametrize("task", TASKS)
def test_the_files_of_a_task_exist(task: str) -> None:
    """Each file is there. Only a rule and an axiom need more than four."""
    where = TASKS[task]
    if where == "see below":
        name = task.partition(" ")[2]
        (where,) = re.findall(rf"^\*\*An? {name}\*\* .+\n.+$", TEXT, re.MULTILINE)
    else:
        # "(or ...)" names the other place of the same change.
        assert len(files(re.sub(r"\(or [^)]+\)", "", where))) <= MOST_FILES
    assert len(files(where)) >= 2
    assert [file for file in files(where) if not (ROOT / file).exists()] == []
