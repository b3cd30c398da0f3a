"""A folder as an operator has it: configuration, history, certificates; and what it holds."""

import hashlib
import os
import stat
from pathlib import Path

from logos_pxl.ops.archive import Places, Written, write_archive
from logos_pxl.ops.backup import NAME, collect, free_path

Contents = dict[str, tuple[bytes, int, int]]
KERNEL_HASH = "5a" * 32


def make_project(folder: Path, *, generation: str = "first") -> Places:
    """Files of every part, some of them private; every generation has other bytes, and some files that the others have not."""
    texts = {
        ".env": f"# keys\nHMAC_SECRET_KEY={hashlib.sha256(generation.encode()).hexdigest()}\n",
        "configs/pxl.toml": f'LOG_LEVEL = "INFO" # {generation}\n',
        f"configs/{generation}.toml": "PXL_POOL_SIZE = 3\n",
        "configs/deep/er/ümlaut.toml": generation * 400,
        "docker-compose.prod.yml": f"services: {{}} # {generation}\n",
        "kubernetes/base/deployment.yaml": generation,
        "monitoring/prometheus.yml": generation,
        "nginx/nginx.conf": "",
        "logs/performance.json": f'{{"endpoints": [], "generation": "{generation}"}}\n',
        f"logs/archive/performance_{len(generation)}.json": generation,
        "logs/archive/pxl-server_20260131.log.gz": os.urandom(3000).hex(),
        f"var/certificates/{hashlib.sha256(generation.encode()).hexdigest()}": os.urandom(500).hex(),
        "src/untouched.py": "no part of a backup",
    }
    for number, (name, text) in enumerate(texts.items()):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        os.utime(path, ns=(10**18 + number, 10**18 + number * 7))
    (folder / "configs" / "empty").mkdir(exist_ok=True)
    (folder / ".env").chmod(0o600)
    (folder / "configs" / "deep").chmod(0o750)
    return Places.below(folder)


def backup_of(places: Places, folder: Path) -> Written:
    """An archive of it."""
    folder.mkdir(parents=True, exist_ok=True)
    found = collect(places)
    return write_archive(free_path(folder, NAME), found.files, kernel_hash=KERNEL_HASH, absent=found.absent)


def contents(folder: Path) -> Contents:
    """Each file and folder below, but for backups: its bytes (the target of a link), mode and time of modification."""
    found: Contents = {}
    for path in sorted(folder.rglob("*")):
        if "backups" not in path.relative_to(folder).parts:
            status = path.lstat()
            data = path.read_bytes() if path.is_file() else b""
            found[path.relative_to(folder).as_posix()] = (data, stat.S_IMODE(status.st_mode), status.st_mtime_ns if path.is_file() else 0)
    return found
