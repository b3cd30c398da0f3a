"""The command line with many goals, with a service, on a terminal, in shells, and when a machine lacks something."""

import json
import os
import random
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pyte
import pytest
from e2e.running import HARD, ROOT, Server, free_port, running_server
from e2e.test_cli import pxl
from scripted_server import VERDICT, answer, problem, scripted
from typer.main import get_command
from typer.testing import CliRunner, Result

from logos_pxl.cli.app import app

KEY = "b7" * 32
SEPARATOR = "--- next ---"
PROGRAM = str(Path(sys.executable).with_name("pxl"))


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that wants signatures."""
    with running_server(tmp_path_factory.mktemp("cli"), ENABLE_HMAC_AUTH="true", HMAC_SECRET_KEY=KEY, PXL_CACHE_TTL="0") as started:
        yield started


def run(*arguments: str, **environment: str) -> Result:
    """``pxl`` in this process: the same commands, without the start of an interpreter."""
    return CliRunner().invoke(app, list(arguments), env=environment)


def address(server: Server) -> str:
    return str(server.client.base_url)


def goals_file(folder: Path, count: int) -> tuple[Path, list[str]]:
    """Goals of very different difficulty in a random order, and what must be printed for each."""
    source, texts, wanted = random.Random(5), [], []
    for number in range(count):
        width = source.choice([1, 1, 1, 40])
        left = " /\\ ".join(f"x{number}_{place}" for place in range(width))
        texts.append(f"BOX({left}) -> {'BOX' if number % 2 else 'DIA ~'} x{number}_0")
        wanted.append("valid" if number % 2 else "invalid")
    file = folder / "goals.txt"
    file.write_text("\n".join(texts) + "\n")
    return file, wanted


@pytest.mark.parametrize("by", ["engine", "service"])
def test_many_goals_keep_their_order(folder: Path, server: Server, by: str) -> None:
    """Eight at once, some far slower than others: line n is about goal n, and the summary counts them."""
    file, wanted = goals_file(folder, 300)
    ran = pxl("prove", "--file", str(file), "--jobs", "8", "--summary", "--url", address(server) if by == "service" else "")
    lines = [line.split("\t") for line in ran.stdout.splitlines()]
    assert [verdict for verdict, _ in lines] == wanted, ran.stderr
    assert all(f"x{number}_0" in goal for number, (_, goal) in enumerate(lines))
    assert ran.returncode == 1
    assert "pxl: 300 goals in" in ran.stderr
    assert "150 valid, 150 invalid" in ran.stderr


def test_a_service_and_the_engine_answer_alike(signed: Server, folder: Path) -> None:
    """The same output, messages and exit status, whichever is asked; the service by a variable, with signed requests."""
    for arguments in (
        ["prove", "BOX(A -> A)", "A -> BOX(A)", "A ->"],
        ["prove", "--timeout-ms", "300", HARD],
        ["countermodel", "p -> []p", "p -> p"],
        ["explain", "p -> []p", "<>[]p -> []p", "("],
        ["prove", "--format", "intohylo", "--file", str(folder / "f.intohylo")],
    ):
        (folder / "f.intohylo").write_text("begin\n~([r1] p1 -> p1)\nend\n")
        local = run(*arguments, PXL_ENV_FILE=os.devnull)
        remote = run(*arguments, PXL_URL=address(signed), HMAC_SECRET_KEY=KEY, PXL_ENV_FILE=os.devnull)
        assert (remote.stdout, remote.stderr, remote.exit_code) == (local.stdout, local.stderr, local.exit_code)


def test_documents_of_a_service_and_the_engine_are_alike(signed: Server) -> None:
    """``--json`` has the same members, and but for times and storage the same values; certificates are the same evidence."""
    away = {"latency_ms", "queue_ms", "search_ms", "kernel_ms", "timings_ms", "certificate_stored"}
    for command in ("prove", "countermodel", "explain"):
        local, remote = (
            [json.loads(line) for line in run(command, "--json", "p -> []p", "p -> p", "(", **where).stdout.splitlines()]
            for where in ({}, {"PXL_URL": address(signed), "HMAC_SECRET_KEY": KEY})
        )
        for one, other in zip(local, remote, strict=True):
            assert one.keys() == other.keys()
            assert {name: one[name] for name in one.keys() - away} == {name: other[name] for name in other.keys() - away}
    local, remote = (
        json.loads(run("export", "--json", "p -> []p", **where).stdout)
        for where in ({}, {"PXL_URL": address(signed), "HMAC_SECRET_KEY": KEY})
    )
    assert (local["id"], local["certificate"]) == (remote["id"], remote["certificate"])


def test_no_key_is_an_error_that_names_it(signed: Server) -> None:
    """Status 2, at the first goal."""
    ran = run("prove", "--url", address(signed), "p", "q", HMAC_SECRET_KEY="")
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert "HMAC_SECRET_KEY" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_service_that_cannot_say_is_status_3_and_one_that_is_away_is_status_2() -> None:
    """No capacity is an unknown verdict; nobody there, or a lie, is an error."""
    with scripted(*[problem("overloaded", 503, "all places are taken")] * 9) as script:
        ran = run("prove", "--json", "--url", script.address, "p")
        assert ran.exit_code == 3
        assert json.loads(ran.stdout)["verdict"] == "unknown"
        assert json.loads(ran.stdout)["error"] == "overloaded"
    with scripted(answer(VERDICT | {"verified": False})) as script:
        ran = run("prove", "--url", script.address, "p")
        assert (ran.exit_code, ran.stdout) == (2, "")
        assert "nothing is taken from it" in ran.stderr
    ran = run("prove", "--url", f"http://127.0.0.1:{free_port()}", "p")
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert "is the service up" in ran.stderr


def test_a_reader_that_leaves_is_no_accident(folder: Path) -> None:
    """``pxl prove | head -1`` ends without a trace."""
    file, _ = goals_file(folder, 200)
    ran = subprocess.run(
        ["bash", "-c", f"{PROGRAM} prove --file {file} | head -1"], capture_output=True, text=True, timeout=60, check=False, cwd=ROOT
    )
    assert ran.stdout.count("\n") == 1
    assert ran.stderr == ""


def on_terminal(*arguments: str, **environment: str) -> tuple[str, list[str]]:
    """What ``pxl`` writes to a terminal of 80 columns and 24 lines, and what is on the screen at its end."""
    child = pexpect.spawn(
        PROGRAM, list(arguments), encoding="utf-8", dimensions=(24, 80), timeout=60, cwd=str(ROOT), env={**os.environ, **environment}
    )
    child.expect(pexpect.EOF)
    written = child.before or ""
    child.close()
    screen = pyte.Screen(80, 24)
    pyte.Stream(screen).feed(written)
    return written, [line.rstrip() for line in screen.display]


def test_a_terminal_sees_a_bar_that_leaves_no_trace(folder: Path) -> None:
    """While goals are decided a bar counts them; at the end there are the verdicts in their order, and the summary."""
    file, wanted = goals_file(folder, 60)
    written, screen = on_terminal("prove", "--file", str(file))
    assert "/60" in written
    assert "━" in written
    shown = [line for line in screen if line]
    assert shown[-1].startswith("pxl: 60 goals in")
    verdicts = [line.split()[0] for line in shown[:-1] if line.startswith(("valid", "invalid"))]
    assert verdicts == wanted[-len(verdicts) :]
    assert not any("━" in line for line in screen)


def test_the_bar_is_for_terminals_only(folder: Path) -> None:
    """Standard error of a pipe stays empty, and the terminal's standard output is untouched by it."""
    file, _ = goals_file(folder, 20)
    ran = pxl("prove", "--file", str(file))
    assert ran.stderr == ""
    assert "\x1b" not in ran.stdout


def test_colours_are_for_terminals_that_want_them() -> None:
    """On a terminal, not with NO_COLOR; in a pipe with FORCE_COLOR only."""
    assert "\x1b[32mvalid\x1b[0m" in on_terminal("prove", "p -> p")[0]
    written, _ = on_terminal("prove", "p -> p", NO_COLOR="1")
    assert "valid\tp -> p" in written
    assert "\x1b[3" not in written
    assert "\x1b[32mvalid" in run("prove", "p -> p", FORCE_COLOR="1").stdout


def test_explain_tells_why_a_goal_fails() -> None:
    """The claims in words, and the table of worlds."""
    ran = run("explain", "p -> []p")
    assert ran.exit_code == 1
    assert "1. p → □p fails at w0: p holds and □p fails there.  [2, 3]" in ran.stdout
    rows = [line.split("  ") for line in ran.stdout.splitlines() if line.startswith("  p → □p")]
    assert [cell.strip() for cell in rows[-1] if cell.strip()] == ["p → □p", "0", "1"]


def test_explain_tells_why_a_goal_is_valid() -> None:
    """The main steps; in JSON the same with their numbers."""
    ran = run("explain", "<>[]p -> []p")
    assert ran.exit_code == 0
    assert "axiom T" in ran.stdout
    assert "necessitation" in ran.stdout
    document = json.loads(run("explain", "--json", "<>[]p -> []p").stdout)
    assert document["verified"] is True
    assert document["explanation"]["kind"] == "proof"
    assert document["explanation"]["steps"][-1]["formula"] == "◇□p → □p"


def test_what_is_too_large_to_explain_is_decided_all_the_same() -> None:
    """The verdict stands, and the message says what else there is."""
    goal = " /\\ ".join(f"p{number}" for number in range(1000))
    ran = run("explain", goal)
    assert ran.exit_code == 1
    assert "Not explained" in ran.stdout


def test_parse_prints_every_notation() -> None:
    """And each of them, where it is a notation for goals, means the same."""
    document = json.loads(run("parse", "--json", "necessarily p implies possibly q").stdout)
    assert document["manual"] == "BOX(p) -> DIA(q)"
    assert document["latex"] == r"\Box p \to \Diamond q"
    assert document["coq"] == 'Imp (Box (Atom "p")) (Dia (Atom "q"))'
    assert document["atoms"] == ["p", "q"]
    assert "unicode\t□p → ◇q\n" in run("parse", document["latex"]).stdout
    bad = run("parse", "p", "p q")
    assert (bad.exit_code, "line 1, column 3" in bad.stderr) == (2, True)


@pytest.mark.parametrize("by", ["engine", "service"])
def test_bench_measures_what_it_says(server: Server, by: str) -> None:
    """Each figure has its count, and every goal was really decided: with the engine by a search and the kernel."""
    ran = run("bench", "--seconds", "0.4", "--json", "--jobs", "2", "--url", address(server) if by == "service" else "")
    document = json.loads(ran.stdout)
    for name in ("search", "kernel", "end_to_end"):
        assert 0 < document[name]["p50_ms"] <= document[name]["p95_ms"]
        assert document[name]["count"] == document["search"]["count"]
    assert document["end_to_end"]["p50_ms"] > document["search"]["p50_ms"]
    assert document["all_at_once_per_s"] > 0
    assert sum(document["methods"].values()) == document["search"]["count"]
    assert document["methods"].keys() == {"search+kernel"}


def doctor(*arguments: str, **environment: str) -> tuple[int, dict[str, dict[str, str]]]:
    ran = run("doctor", "--json", *arguments, **environment)
    return ran.exit_code, {finding["name"]: finding for finding in json.loads(ran.stdout)["findings"]}


def test_doctor_finds_this_machine_fit(server: Server) -> None:
    """All that deciding needs is here; a service that is named is looked at too."""
    status, found = doctor("--url", address(server), PXL_SERVER_PORT=str(free_port()))
    assert status == 0
    assert {name for name, finding in found.items() if finding["state"] == "missing"} == set()
    assert found["coq"]["found"].startswith("8.16.1")
    assert found["decision"]["state"] == found["port"]["state"] == found["service"]["state"] == "fine"
    assert "seccomp: applied" in found["confinement"]["found"]


def test_doctor_tells_what_is_missing_and_how_to_get_it(folder: Path) -> None:
    """Coq, the kernel, Redis, a free port, a private key file: each with its remedy, and status 2."""
    (folder / ".env").write_text(f"HMAC_SECRET_KEY={KEY}\n")
    (folder / ".env").chmod(0o644)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        status, found = doctor(
            PXL_COQTOP="no-such-coqtop",
            PXL_COQ_DIR=str(folder),
            PXL_REDIS_URL=f"redis://:secret-word@127.0.0.1:{free_port()}/0",
            PXL_SERVER_PORT=str(taken.getsockname()[1]),
            PXL_ENV_FILE=str(folder / ".env"),
            PXL_DATA_DIR=str(folder / ".env" / "data"),
            PXL_URL=f"http://127.0.0.1:{free_port()}",
        )
    assert status == 2
    states = {name: finding["state"] for name, finding in found.items()}
    assert [states[name] for name in ("coq", "kernel", "session", "decision", "service")] == ["missing"] * 5
    assert [states[name] for name in ("settings", "port", "redis", "folders")] == ["attention"] * 4
    assert "apt-get install coq" in found["coq"]["remedy"]
    assert "make build" in found["kernel"]["remedy"]
    assert "chmod 600" in found["settings"]["remedy"]
    assert all(finding["remedy"] for finding in found.values() if finding["state"] != "fine")
    assert "secret-word" not in json.dumps(found)
    assert KEY not in json.dumps(found)


def without(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """``pxl`` in a process where ``module`` is not installed."""
    code = (
        f"import sys\nclass Wall:\n def find_spec(self, name, path=None, target=None):\n"
        f"  if name == {module!r}: raise ModuleNotFoundError('blocked', name=name)\n"
        "sys.meta_path.insert(0, Wall())\nfrom logos_pxl.cli import main\nmain()"
    )
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=ROOT, stdin=subprocess.DEVNULL)


def test_doctor_works_without_the_engine() -> None:
    """It is for machines where something is missing: the engine too."""
    ran = without("logos_pxl_engine", "doctor", "--json")
    assert ran.returncode == 2, ran.stderr
    found = {finding["name"]: finding for finding in json.loads(ran.stdout)["findings"]}
    assert (found["engine"]["state"], found["engine"]["remedy"]) == ("missing", "make build, in the project's folder")


@pytest.mark.parametrize(
    ("module", "arguments", "remedy"),
    [
        ("logos_pxl_engine", ["prove", "p"], "make build"),
        ("logos_pxl_engine", ["parse", "p"], "make build"),
        ("httpx2", ["prove", "p"], "pip install logos-pxl-client"),
        ("mcp", ["mcp"], "pip install 'logos-pxl[mcp]'"),
    ],
)
def test_a_part_that_is_not_installed_is_named_with_its_remedy(module: str, arguments: list[str], remedy: str) -> None:
    """Status 2 and one line, not a trace."""
    ran = without(module, *arguments)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert remedy in ran.stderr
    assert "Traceback" not in ran.stderr


def completed(shell: str, *lines: str) -> list[set[str]]:
    """What the shell itself offers at the end of each line, with our script loaded."""
    path = f"{Path(PROGRAM).parent}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "HOME": "/nonexistent"}
    ask = {
        "bash": """COMP_WORDS=({line}) ; [[ '{line}' == *' ' ]] && COMP_WORDS+=('')
            COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 )); _pxl_completion pxl; printf '%s\\n' "${{COMPREPLY[@]}}" """,
        "fish": "complete --do-complete '{line}'",
    }[shell]
    load = {"bash": "source <(pxl completion bash)", "fish": "pxl completion fish | source"}[shell]
    program = "\n".join([load, *(f"{ask.format(line=line)}\necho {SEPARATOR}" for line in lines)])
    ran = subprocess.run([shell, "-c", program], capture_output=True, text=True, timeout=120, check=False, env=environment)
    *offered, _ = ran.stdout.split(f"{SEPARATOR}\n")
    return [{one.split("\t")[0] for one in answer.splitlines() if one} for answer in offered]


@pytest.mark.parametrize("shell", ["bash", "fish"])
def test_shells_complete_commands_options_and_values(shell: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As each shell does it, with its own completion machinery; fish completes files too where files are wanted."""
    (folder / "some-goals.txt").write_text("p\n")
    monkeypatch.chdir(folder)
    files = ["pxl prove --file some", "pxl verify some"] if shell == "fish" else []
    commands, begun, options, values, *found = completed(shell, "pxl ", "pxl expl", "pxl prove --", "pxl completion f", *files)
    assert {"prove", "explain", "doctor", "completion"} <= commands
    assert begun == {"explain"}
    assert {"--file", "--json", "--url", "--jobs"} <= options
    assert values == {"fish"}
    assert all("some-goals.txt" in offered for offered in found)


def test_zsh_completes_commands_and_options(folder: Path) -> None:
    """In a real zsh on a terminal: a unique beginning is completed, and options are listed."""
    path = f"{Path(PROGRAM).parent}:{os.environ['PATH']}"
    child = pexpect.spawn(
        shutil.which("zsh") or "zsh",
        ["-f", "-i"],
        encoding="utf-8",
        dimensions=(50, 100),
        timeout=60,
        env={**os.environ, "PATH": path, "HOME": str(folder), "TERM": "xterm", "ZDOTDIR": str(folder)},
    )
    try:
        child.sendline("PS1='ready> '; autoload -Uz compinit && compinit -u -D; source <(pxl completion zsh); echo load''ed")
        child.expect("\nloaded")
        child.send("pxl expl\t")
        child.expect("pxl explain")
        child.send("--js\t")
        child.expect("--json")
        child.send("\x15pxl completion \t\t")
        child.expect("fish")
        child.sendline("\x15exit")
        child.expect(pexpect.EOF)
    finally:
        child.close(force=True)


def test_every_commands_help_teaches() -> None:
    """Each has a sentence, a word on every option, and commands to copy."""
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]
        if name == "ops" or getattr(command, "commands", None):
            continue
        assert command.help, name
        assert all(getattr(parameter, "help", "") for parameter in command.params), name
        examples = command.epilog or ""
        assert f"pxl {name}" in examples, name
    shown = run("prove", "--help").stdout
    assert "Examples" in shown
    assert "pxl prove --file goals.txt --jobs 4" in shown


def test_almost_every_command_speaks_json() -> None:
    """All but those that print nothing of their own."""
    silent = {"serve", "completion", "mcp", "up", "down", "restart", "reload", "logs"}
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]
        if name in silent or getattr(command, "commands", None):
            continue
        assert "--json" in {option for parameter in command.params for option in parameter.opts}, name


def test_verify_and_version_speak_json(folder: Path) -> None:
    """With what their lines say."""
    (folder / "c.json").write_text(run("export", "--json", "p -> p").stdout)
    document = json.loads(run("verify", "--json", str(folder / "c.json")).stdout)
    assert (document["accepted"], document["checker"], document["statement"]) == (True, "Coq's kernel", 'Prov ("p" → "p")')
    assert json.loads(run("version", "--json").stdout).keys() == {"pxl", "engine", "coq", "theory", "kernel"}
