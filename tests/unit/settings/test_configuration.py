"""The configuration in force, as it is shown."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from dotenv import dotenv_values

from logos_pxl.errors import ConfigurationError
from logos_pxl.settings import Settings
from logos_pxl.settings.configuration import Configuration, exposed_secrets
from logos_pxl.settings.declaring import fields_by_variable
from logos_pxl.settings.sources import Sources

ROOT = Path(__file__).parents[3]
KEY = "5a" * 32
VARIABLES = fields_by_variable(Settings)


def configuration(folder: Path, **environment: str) -> Configuration:
    return Configuration.load(Sources(environment, folder=folder))


def test_each_setting_tells_where_it_comes_from(tmp_path: Path) -> None:
    """Default, file, environment or command line."""
    (tmp_path / ".env").write_text("PXL_POOL_SIZE=7\n")
    loaded = Configuration.load(Sources({"LOG_LEVEL": "warning"}, folder=tmp_path), server_port=1)
    shown = {entry.variable: (entry.value, entry.origin) for entry in loaded.entries()}
    assert shown["PXL_POOL_SIZE"] == ("7", ".env")
    assert shown["LOG_LEVEL"] == ("WARN", "environment")
    assert shown["PXL_SERVER_PORT"] == ("1", "command line")
    assert shown["PXL_CACHE_TTL"] == ("300", "default")
    assert shown.keys() == VARIABLES.keys()


def test_what_is_shown_could_be_set(tmp_path: Path) -> None:
    """Every value but a secret is written as the environment would have it, and means the same when it is read again."""
    loaded = configuration(tmp_path, PXL_TRUSTED_PROXIES="10.0.0.0/8, ::1", ENABLE_HMAC_AUTH="yes", HMAC_SECRET_KEY=KEY)
    again = configuration(
        tmp_path,
        **{
            entry.variable: entry.value
            for entry in loaded.entries()
            if not entry.secret and entry.value and "CONFIG_DIR" not in entry.variable and "ENV_FILE" not in entry.variable
        },
    )
    differing = [name for name in loaded.changes(again) if name != "HMAC_SECRET_KEY"]
    assert differing == []


def test_no_secret_is_shown(tmp_path: Path) -> None:
    """Neither in entries nor in the text of any object on the way; two different keys can be told apart."""
    loaded = configuration(tmp_path, HMAC_SECRET_KEY=KEY, HMAC_SECRET_KEY_OLD="6b" * 32)
    for text in (repr(loaded), repr(loaded.settings), str(loaded.entries()), loaded.settings.model_dump_json()):
        assert KEY not in text
    shown = {entry.variable: entry.value for entry in loaded.entries() if entry.secret}
    assert re.fullmatch(r"\(hidden; fingerprint [0-9a-f]{8}\)", shown["HMAC_SECRET_KEY"])
    assert shown["HMAC_SECRET_KEY"] != shown["HMAC_SECRET_KEY_OLD"]
    assert shown["HMAC_SECRET_KEY_NEW"] == ""


@pytest.mark.parametrize("variable", ["HMAC_SECRET_KEY", "HMAC_SECRET_KEY_NEW", "HMAC_SECRET_KEY_OLD"])
def test_a_wrong_secret_is_told_without_it(tmp_path: Path, variable: str) -> None:
    """The variable, what is wrong and what would do."""
    with pytest.raises(ConfigurationError, match=rf"{variable}=\(hidden\): it has 64 bits.*give at least 64 hexadecimal digits") as wrong:
        configuration(tmp_path, **{variable: "feedbeefcafe0123"})
    assert "feedbeef" not in f"{wrong.value!r}{wrong.value.__cause__}"


def test_a_variable_that_nobody_reads_is_told_with_the_nearest(tmp_path: Path) -> None:
    """Ours by their beginning or by their likeness; the environment's many others are left alone."""
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "a.toml").write_text("WHATEVER = 1\n")
    (tmp_path / ".env").write_text("COMPOSE_PROJECT_NAME=x\nRATE_LIMIT_PER_MIN=3\n")
    warnings = configuration(tmp_path, PXL_POOLSIZE="3", pxl_pool_size="3", PXL_ZZZ="1", PATH="x", PIP_DEFAULT_TIMEOUT="1").warnings
    assert sorted(warnings) == [
        "PXL_POOLSIZE (environment) is not a variable of this service and is ignored; did you mean PXL_POOL_SIZE?",
        "PXL_ZZZ (environment) is not a variable of this service and is ignored",
        "RATE_LIMIT_PER_MIN (.env) is not a variable of this service and is ignored; did you mean RATE_LIMIT_PER_MINUTE?",
        "WHATEVER (configs/a.toml) is not a variable of this service and is ignored",
        "pxl_pool_size (environment) is not a variable of this service and is ignored; did you mean PXL_POOL_SIZE?",
    ]


def test_a_secret_that_everybody_may_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that holds a key belongs to its owner."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text(f"HMAC_SECRET_KEY={KEY}\n")
    (tmp_path / ".env").chmod(0o644)
    assert exposed_secrets(configuration(tmp_path)) == [".env holds a secret and is readable by all users: chmod 600 .env"]
    (tmp_path / ".env").chmod(0o640)
    assert exposed_secrets(configuration(tmp_path)) == []


@pytest.mark.parametrize(
    ("variable", "value", "wanted"),
    [
        ("ENABLE_HMAC_AUTH", "maybe", "true (requests must be signed) or false"),
        ("RATE_LIMIT_ENABLED", "2", "true (clients have a quota) or false"),
        ("RATE_LIMIT_PER_MINUTE", "0", "from 1 to 10000000"),
        ("PXL_RATE_LIMIT_BY", "name", "address"),
        ("PXL_TRUSTED_PROXIES", "10.0.0.1/8", "such as 10.0.0.0/8"),
        ("PXL_OPEN_PATHS", "/*", "paths, separated by commas"),
        ("PXL_OPEN_PATHS", "/a*b", "paths, separated by commas"),
        ("LOG_FORMAT", "xml", "text or json"),
        ("PXL_LOG_STDERR", "loud", "true"),
    ],
)
def test_wrong_values_of_the_doors_are_told(tmp_path: Path, variable: str, value: str, wanted: str) -> None:
    """The message names the variable, the value and what would do."""
    with pytest.raises(ConfigurationError, match=rf"{variable}='{re.escape(value)}': .*give .*{re.escape(wanted)}"):
        configuration(tmp_path, **{variable: value})


def test_the_command_prints_what_is_in_force(tmp_path: Path) -> None:
    """A line a variable, warnings on standard error; with --json one object; status 2 when something is wrong."""
    (tmp_path / ".env").write_text(f"HMAC_SECRET_KEY={KEY}\nPXL_POOL_SIZ=2\n")
    command = [str(Path(sys.executable).with_name("pxl")), "config"]
    environment = {"PATH": "/usr/bin:/bin"}
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    lines = dict(line.split(maxsplit=1) for line in ran.stdout.splitlines())
    assert lines.keys() == VARIABLES.keys()
    assert lines["PXL_POOL_SIZE"].split() == ["5", "default"]
    assert "PXL_POOL_SIZ (.env) is not a variable of this service" in ran.stderr
    document = json.loads(
        subprocess.run([*command, "--json"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout
    )
    assert {entry["variable"] for entry in document["variables"]} == VARIABLES.keys()
    assert len(document["warnings"]) == 2
    assert KEY not in ran.stdout + ran.stderr + json.dumps(document)
    (tmp_path / ".env").write_text("PXL_POOL_SIZE=none\n")
    wrong = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "PXL_POOL_SIZE='none'" in wrong.stderr


def default_of(variable: str) -> str:
    [entry] = [entry for entry in configuration(Path("/nonexistent")).entries() if entry.variable == variable]
    return entry.value


def test_every_variable_has_its_heading() -> None:
    """docs/configuration.md tells each variable and its default, once, and no others."""
    text = (ROOT / "docs" / "configuration.md").read_text()
    sections = re.findall(r"^### (\S+)\n\n(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL)
    assert [name for name, _ in sections] == list(dict.fromkeys(name for name, _ in sections))
    assert {name for name, _ in sections} == VARIABLES.keys()
    for name, section in sections:
        default = default_of(name)
        assert (f"Default `{default}`" if default else "No default") in section, name


def test_the_example_of_an_environment_file_is_complete() -> None:
    """.env.example has the manual's variables with their defaults; read as it stands, it changes nothing."""
    text = (ROOT / ".env.example").read_text()
    assert (
        Settings.of(Sources({}, folder=Path("/nonexistent")).read())
        == Configuration.load(
            Sources({"PXL_ENV_FILE": str(ROOT / ".env.example")}, folder=Path("/nonexistent")), env_file=Path(".env")
        ).settings
    )
    named = set(re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", text, re.MULTILINE))
    assert named <= VARIABLES.keys()
    manual = {
        "ENABLE_HMAC_AUTH",
        "HMAC_SECRET_KEY",
        "PXL_SERVER_PORT",
        "PXL_POOL_SIZE",
        "PXL_CACHE_TTL",
        "LOG_LEVEL",
        "MAX_REQUEST_SIZE",
        "CONNECTION_TIMEOUT",
        "RATE_LIMIT_ENABLED",
        "RATE_LIMIT_PER_MINUTE",
    }
    assert manual <= named
    assert all(value == default_of(name) for name, value in dotenv_values(ROOT / ".env.example").items() if value)


def test_the_folder_of_configurations_is_complete() -> None:
    """configs/pxl.toml has every variable with its default, commented out; read as it stands, it changes nothing."""
    assert Configuration.load(Sources({}, folder=ROOT), env_file=Path(".env")).origins["PXL_POOL_SIZE"] == "default"
    text = (ROOT / "configs" / "pxl.toml").read_text()
    commented = dict(re.findall(r"^# ([A-Z][A-Z0-9_]+) = (.*)$", text, re.MULTILINE))
    assert commented.keys() == VARIABLES.keys() - {"PXL_CONFIG_DIR", "PXL_ENV_FILE"}
    import tomllib  # noqa: PLC0415

    for name, value in commented.items():
        parsed = tomllib.loads(f"value = {value}")["value"]
        written = str(parsed).lower() if isinstance(parsed, bool) else ",".join(parsed) if isinstance(parsed, list) else str(parsed)
        assert written == default_of(name), name
