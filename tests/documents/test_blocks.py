"""Every command and snippet of the documents works as it stands, and prints what the page shows."""

import re
from collections import Counter

import pytest
from documents import running_pages
from documents.blocks import Block, console, fits, pages, parse, read
from documents.conftest import Open
from documents.running_pages import RUNNERS

# Reasons for not running a block, as in the comment before it.
REASONS = (
    r"needs a container engine",
    r"needs a Kubernetes cluster",
    r"needs a machine that runs systemd",
    r"needs a browser",
    r"needs a public host name",
    r"installs packages of the system",
    r"builds everything anew.*",
    r"runs for (half a minute|minutes)",
    r"tested by tests/\S+",
    r"wrong on purpose.*",
    r"for another machine.*",
)
MOST_EXEMPT = 0.15


@pytest.mark.parametrize("path", pages())
def test_a_page_does_what_it_says(path: str, open_page: Open) -> None:
    """Its blocks run in order, in one folder and one shell; what they print is what the page shows."""
    page = read(path)
    if not any(block.exempt is None and block.language not in ("text", "ebnf") for block in page.blocks):
        return
    with open_page(page) as visit:
        for block in page.blocks:
            visit.run(block)


@pytest.mark.parametrize("path", pages())
def test_every_block_says_what_it_is(path: str) -> None:
    """A fence with a language that the tests know; an indented block or an unknown language could hide what nobody runs."""
    for block in read(path).blocks:
        assert block.language in RUNNERS, f"{block.place}: {block.language or 'no language'!r}; known: {', '.join(RUNNERS)}"
        if block.language == "console":
            assert console(block), block.place


def test_the_exempt_are_few_and_say_why() -> None:
    """Each block that is not run gives one of the known reasons; at most 15 in 100 blocks are not run. `pytest -s` prints the counts."""
    blocks = [block for path in pages() for block in read(path).blocks if block.language not in ("text", "ebnf")]
    exempt = [block for block in blocks if block.exempt is not None]
    for reason, count in Counter(block.exempt for block in exempt).most_common():
        print(f"{count:3} not run: {reason}")  # noqa: T201 - figures for pytest -s
    unknown = [block.place for block in exempt if not any(re.fullmatch(reason, block.exempt or "") for reason in REASONS)]
    assert unknown == []
    assert len(exempt) <= MOST_EXEMPT * len(blocks), f"{len(exempt)} of {len(blocks)}: {[block.place for block in exempt]}"


PAGE = """
<!-- server: none -->
<!-- setup:
mkdir somewhere
-->

```console
$ cd somewhere && name=world
$ echo "hello,
> $name"
hello,
w...d
$ pwd; echo; false # exit status 1
.../pxl/somewhere
```

<!-- not run: needs a container engine -->

```bash
exit 7
```

```python
>>> answer = 6 * 7
>>> answer
42
```
"""


def test_a_page_is_read_as_the_conventions_say() -> None:
    """Server, setup, console and Python blocks, marks."""
    page = parse("page.md", PAGE)
    assert page.server == "none"
    assert [(block.language, block.exempt) for block in page.blocks] == [
        ("setup", None),
        ("console", None),
        ("bash", "needs a container engine"),
        ("python", None),
    ]
    commands = console(page.blocks[1])
    assert [command.text for command in commands] == [
        "cd somewhere && name=world",
        'echo "hello,\n$name"',
        "pwd; echo; false # exit status 1",
    ]
    assert [command.status for command in commands] == [0, 0, 1]


def test_a_page_that_is_true_passes(open_page: Open) -> None:
    """State is kept from block to block; the marked block is not run."""
    page = parse("page.md", PAGE)
    with open_page(page) as visit:
        for block in page.blocks:
            visit.run(block)
        assert visit.names["answer"] == 42


@pytest.mark.parametrize(
    "wrong",
    [
        "```console\n$ echo one\ntwo\n```",
        "```console\n$ false\n```",
        "```console\n$ true # exit status 1\n```",
        "```bash\nfalse\ntrue\n```",
        "```bash\nfalse | true\n```",
        "```python\nassert 1 == 2\n```",
        "```python\n>>> 1 + 1\n3\n```",
        "```json\n{...}\n```",
        "```yaml\na: [\n```",
        "```coq\nDefinition one : nat := true.\n```",
        "```promql\nrate(\n```",
        "```console\n$ curl -s http://localhost:8088/health\n```",
        "```console\n$ sleep 60 & echo\n```",
        "<!-- setup:\nfalse\n-->",
        "```console\n$ touch tests/documents/blocks.py\n```",
    ],
)
def test_a_page_that_is_not_true_fails(wrong: str, open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is wrong in it: output, status, syntax, a server that is not there, a process left behind."""
    monkeypatch.setattr(running_pages, "GRACE_S", 0.2)
    page = parse("page.md", f"<!-- server: none -->\n\n{wrong}\n")
    with pytest.raises(AssertionError), open_page(page) as visit:  # noqa: PT012 - leaving the page may fail too
        for block in page.blocks:
            visit.run(block)


def test_what_never_ends_is_interrupted(open_page: Open) -> None:
    """A page shows ^C where a reader would press it."""
    page = parse("page.md", "<!-- server: none -->\n\n```console\n$ while true; do echo tick; sleep 0.2; done\ntick\n...\n^C\n```\n")
    with open_page(page) as visit:
        visit.run(page.blocks[0])


@pytest.mark.parametrize(
    ("shown", "printed", "fit"),
    [
        ("one", "one", True),
        ("one", "one  \n", True),
        ("one\n", " \none\n  \n", True),
        ("one", "one\ntwo", False),
        ("one ... three", "one two three", True),
        ("one ... three", "one two\nx three", False),
        ("one\n...", "one\ntwo\nthree", True),
        ("one\n...\nthree", "one\nthree", True),
        ("one\n...\nthree", "one\ntwo", False),
        ("a.c", "abc", False),
        ("...", "", True),
    ],
)
def test_output_is_compared_with_what_is_shown(shown: str, printed: str, fit: bool) -> None:
    """Three dots stand for what differs from run to run, and for nothing else."""
    assert fits(shown, printed) is fit


def test_a_block_tells_its_place() -> None:
    """By page and line, so that a failure is found at once."""
    assert parse("page.md", "x\n\n```console\n$ a\n```\n").blocks == (Block("page.md", 4, "console", "$ a\n"),)
