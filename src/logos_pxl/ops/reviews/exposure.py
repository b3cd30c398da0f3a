"""Files that others than their owner can read or change, and should not."""

import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

from logos_pxl.ops.report import Check, Status
from logos_pxl.settings import Settings

_KEY_SUFFIXES = (".pem", ".key", ".p12", ".pfx")
_GIT_S = 10.0
_PRIVATE = b"PRIVATE KEY-----"
_HEAD_BYTES = 64 << 10


def file_checks(settings: Settings, *, secrets_in: set[str], folder: Path = Path()) -> list[Check]:
    """A check for the environment file, one for each exposed file; ``secrets_in`` are the files that hold secrets."""
    backups = sorted(settings.backup_dir.glob("logos-pxl-config_*.tar.gz")) if settings.backup_dir.is_dir() else []
    checks = [_mode_check(name, folder / name) for name in sorted(secrets_in)]
    checks += [_mode_check(str(path), path) for path in (*_private_keys(folder, settings), *backups)]
    for name, path in (("PXL_LOG_DIR", settings.log_dir), ("PXL_DATA_DIR", settings.data_dir), ("PXL_CONFIG_DIR", settings.config_dir)):
        if path.is_dir():
            checks.append(_folder_check(name, path))
    checks.append(_tracked(settings.env_file))
    fine = sum(check.status is Status.FINE for check in checks)
    return [
        Check("files and folders as they should be", Status.FINE, fine),
        *(check for check in checks if check.status is not Status.FINE),
    ]


def _private_keys(folder: Path, settings: Settings) -> Iterator[Path]:
    for root in (settings.config_dir, folder / "nginx", folder / "kubernetes", folder / "certs", folder / "tls"):
        for path in sorted(root.rglob("*")) if root.is_dir() else ():
            if path.suffix in _KEY_SUFFIXES and path.is_file() and _is_private(path):
                yield path


def _is_private(path: Path) -> bool:
    """Certificates have the same endings, and are for everybody; a store (p12, pfx) always holds a key."""
    if path.suffix in (".p12", ".pfx"):
        return True
    try:
        with path.open("rb") as file:
            return _PRIVATE in file.read(_HEAD_BYTES)
    except OSError:
        return True


def _mode_check(name: str, path: Path) -> Check:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        return Check(name, Status.UNKNOWN, advice=f"it cannot be looked at: {error.strerror}")
    if mode & 0o007:
        return Check(
            name,
            Status.CRITICAL,
            f"{mode:04o}",
            threshold="0600, or 0640",
            advice=f"it holds a secret, and everybody may use it: chmod 600 {name}",
        )
    if mode & 0o030:
        return Check(name, Status.ATTENTION, f"{mode:04o}", threshold="0600, or 0640", advice=f"its group may change it: chmod g-wx {name}")
    return Check(name, Status.FINE, f"{mode:04o}")


def _folder_check(name: str, path: Path) -> Check:
    mode = path.stat().st_mode
    if mode & 0o002 and not mode & stat.S_ISVTX:
        return Check(
            f"{name} {path}", Status.CRITICAL, f"{stat.S_IMODE(mode):04o}", threshold="not writable by all", advice=f"chmod o-w {path}"
        )
    return Check(name, Status.FINE, f"{stat.S_IMODE(mode):04o}")


def _tracked(env_file: Path) -> Check:
    """Whether version control has the environment file: then everybody who clones has its secrets, for ever."""
    name = f"{env_file} is not in version control"
    git = shutil.which("git")
    if git is None or not env_file.is_file():
        return Check(name, Status.FINE, True)
    try:
        asked = subprocess.run(
            [git, "-C", str(env_file.parent), "ls-files", "--error-unmatch", "--", env_file.name],
            capture_output=True,
            timeout=_GIT_S,
            check=False,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Check(name, Status.UNKNOWN, advice=f"git does not tell: {error}")
    if asked.returncode == 0:
        return Check(
            name,
            Status.CRITICAL,
            False,
            advice=f"git rm --cached {env_file}, and rotate every secret that it ever held: pxl ops rotate-key",
        )
    return Check(name, Status.FINE, True)
