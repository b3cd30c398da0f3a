"""What the environment may say, and what is answered when it is wrong."""

import re
from pathlib import Path

import pytest

from logos_pxl.errors import ConfigurationError, KernelNotBuilt
from logos_pxl.settings import Settings

FIELDS = {str(field.validation_alias): field for field in Settings.model_fields.values()}


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in FIELDS:
        monkeypatch.delenv(variable, raising=False)


def test_the_manuals_defaults_hold() -> None:
    """Without any variable, the operations manual's reference values are in force."""
    settings = Settings.load()
    assert settings.server_port == 8088
    assert settings.pool_size == 5
    assert settings.cache_ttl_s == 300
    assert settings.log_level == "INFO"
    assert settings.max_request_bytes == 1048576
    assert settings.connection_timeout_s == 60
    assert (settings.threads, settings.connection_limit, settings.channel_timeout_s) == (4, 100, 60)


@pytest.mark.parametrize(
    ("variable", "value", "wanted"),
    [
        ("PXL_POOL_SIZE", "0", "from 1 to 256"),
        ("PXL_POOL_SIZE", "five", "a whole number of sessions"),
        ("PXL_POOL_SIZE", "2.5", "a whole number of sessions"),
        ("PXL_SERVER_PORT", "65536", "from 0 to 65535"),
        ("LOG_LEVEL", "LOUD", "DEBUG, INFO, WARN or ERROR"),
        ("MAX_REQUEST_SIZE", "1MB", "bytes"),
        ("CONNECTION_TIMEOUT", "-1", "seconds"),
        ("CONNECTION_TIMEOUT", "nan", "seconds"),
        ("CONNECTION_TIMEOUT", "inf", "seconds"),
        ("PXL_CACHE_TTL", "-0.1", "seconds"),
        ("PXL_SESSION_MEMORY_BYTES", "1000", "bytes of address space"),
        ("PXL_KERNEL_TIMEOUT_MS", "0", "milliseconds"),
    ],
)
def test_a_wrong_value_is_told_with_its_variable_and_what_would_do(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, wanted: str
) -> None:
    """The message names the variable, the value and the values that would do."""
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigurationError, match=rf"{variable}='{re.escape(value)}': .*give .*{wanted}"):
        Settings.load()


def test_all_wrong_values_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """An operator mends a configuration in one go."""
    monkeypatch.setenv("PXL_POOL_SIZE", "0")
    monkeypatch.setenv("LOG_LEVEL", "LOUD")
    with pytest.raises(ConfigurationError) as wrong:
        Settings.load()
    assert [line.split("=")[0] for line in str(wrong.value).splitlines()] == ["LOG_LEVEL", "PXL_POOL_SIZE"]


def test_an_empty_variable_is_an_unset_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compose files pass empty strings for what is not set."""
    monkeypatch.setenv("PXL_POOL_SIZE", "")
    assert Settings.load().pool_size == 5


def test_every_variable_says_what_it_wants() -> None:
    """No field is without a variable of its own and a description."""
    assert len(FIELDS) == len(Settings.model_fields)
    for variable, field in FIELDS.items():
        assert re.fullmatch(r"[A-Z][A-Z0-9_]+", variable)
        assert field.description


def test_a_folder_without_the_kernel_is_told(tmp_path: Path) -> None:
    """A PXL_COQ_DIR that holds no kernel is an error that names the variable and the folder."""
    with pytest.raises(KernelNotBuilt, match="PXL_COQ_DIR") as wrong:
        Settings.load(coq_dir=tmp_path).session()
    assert str(tmp_path) in str(wrong.value)


def test_a_missing_coq_is_told() -> None:
    """A PXL_COQTOP that is no program is an error that names the variable and how to get Coq."""
    with pytest.raises(KernelNotBuilt, match=r"PXL_COQTOP='no-such-coqtop'.*apt-get install coq"):
        Settings.load(coqtop="no-such-coqtop").session()


def test_a_canary_lives_until_the_next_one() -> None:
    """Settings by which the service would be unready between two canaries are refused, with what would do."""
    with pytest.raises(ConfigurationError, match=r"PXL_CANARY_MAX_AGE_S=20: .*\(20 s\); give more than that"):
        Settings.load(canary_interval_s=15, canary_timeout_s=5, canary_max_age_s=20).canaries()
    assert Settings.load(canary_interval_s=15, canary_timeout_s=5, canary_max_age_s=21).canaries().max_age_s == 21
