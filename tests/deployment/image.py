"""The image that the Dockerfile describes, put together and run without a container engine.

Its file system is made of what the last stage names and of nothing else: the files of its Debian packages, and of those that they depend
on, as this machine has them; what it copies, from this folder (the context) and from this folder's own build (the stage ``build``). It runs
in mount and process namespaces of its own, on a read-only root, as the image's user, without a privilege.
"""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from importlib.metadata import distribution
from pathlib import Path

from deployment.dockerfile import Copy, Stage, stages
from e2e.running import ROOT

APP = "/app"
# Files of packages that no program reads.
_UNREAD = ("/usr/share/doc/", "/usr/share/man/", "/usr/share/locale/", "/usr/share/info/", "/usr/share/lintian/")
_CONFINED = ["--bounding-set=-all", "--no-new-privs", "--clear-groups"]

_ENTER = """
set -e
root=$1; shift
mount --bind "$root" "$root"
mount --bind "$root/volumes/logs" "$root/app/logs"
mount --bind "$root/volumes/var" "$root/app/var"
mount -t tmpfs -o size=64m,mode=1777 tmpfs "$root/tmp"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -o remount,bind,ro "$root"
exec env -i "$@"
"""


class Image:
    """The image in the folder ``root``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.stage: Stage = stages()[""]

    def build(self) -> None:
        """Put the files together."""
        for name in ("proc", "dev", "tmp", "volumes/logs", "volumes/var"):
            (self.root / name).mkdir(parents=True)
        for name in ("bin", "sbin", "lib", "lib64"):
            (self.root / "usr" / name).mkdir(parents=True)
            (self.root / name).symlink_to(f"usr/{name}")
        for path in _files_of(_closure([*_base_packages(), *self.stage.packages])):
            _put(Path(path), self.root / os.path.normpath(Path(path).parent.resolve() / Path(path).name).lstrip("/"))
        for copy in self.stage.copies:
            self._copy(copy)
        user, group = map(int, self.user.split(":"))
        for volume in ("logs", "var"):
            (self.root / "app" / volume).mkdir()
            os.chown(self.root / "volumes" / volume, user, group)

    @property
    def user(self) -> str:
        """Its user and group, as numbers."""
        return self.stage.one("USER")

    @property
    def logs(self) -> Path:
        """The volume that it has at /app/logs."""
        return self.root / "volumes" / "logs"

    @property
    def entry(self) -> list[str]:
        """What comes before every command."""
        return list(json.loads(self.stage.one("ENTRYPOINT")))

    @property
    def command(self) -> list[str]:
        """What is run when nothing else is asked for."""
        return list(json.loads(self.stage.one("CMD")))

    def argv(self, command: list[str], **environment: str) -> list[str]:
        """The command line that runs ``command`` in a container of this image."""
        user, _, group = self.user.partition(":")
        variables = [f"{name}={value}" for name, value in {**self.stage.environment, **environment}.items()]
        confined = ["/usr/bin/setpriv", f"--reuid={user}", f"--regid={group}", *_CONFINED]
        inside = ["sh", "-c", f'cd {self.stage.one("WORKDIR")} && exec "$@"', "sh", *confined, *command]
        outside = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", _ENTER, "sh", str(self.root)]
        return [*outside, *variables, "/usr/sbin/chroot", str(self.root), *inside]

    def run(self, command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, as ``docker run IMAGE COMMAND`` does."""
        argv = self.argv([*self.entry, *command], **environment)
        return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False)

    def _copy(self, copy: Copy) -> None:
        for source, place in copy.places(self.stage.one("WORKDIR")):
            target = self.root / str(place).lstrip("/")
            if copy.stage is None:
                _put_all(ROOT / source, target)
            elif source == f"{APP}/.venv":
                _put_environment(target)
            elif source.startswith(f"{APP}/"):
                _put_all(ROOT / source.removeprefix(f"{APP}/"), target)
            else:
                _put(Path(source), target)


def _base_packages() -> list[str]:
    """What Debian's image has before anything is installed: what is essential or required."""
    told = _dpkg("-W", "-f", "${db:Status-Status}\t${Package}\t${Essential}\t${Priority}\n")
    lines = [line.split("\t") for line in told.splitlines()]
    return [name for status, name, essential, priority in lines if status == "installed" and (essential == "yes" or priority == "required")]


def _closure(packages: Iterable[str]) -> list[str]:
    """The packages and all that they depend on."""
    told = _dpkg("-W", "-f", "${db:Status-Status}\t${Package}\t${Provides}\t${Pre-Depends}, ${Depends}\n")
    depends: dict[str, list[list[str]]] = {}
    provided: dict[str, str] = {}
    for line in told.splitlines():
        status, name, provides, wanted = line.split("\t")
        if status == "installed":
            depends[name] = [[_bare(choice) for choice in one.split("|")] for one in wanted.split(",") if one.strip()]
            provided.update({_bare(virtual): name for virtual in provides.split(",") if virtual.strip()})
    found: dict[str, None] = {}
    waiting = list(packages)
    while waiting:
        name = waiting.pop()
        real = name if name in depends else provided.get(name)
        assert real is not None, f"the image installs {name}, and this machine does not have it: requirements/debian.sh tests"
        if real not in found:
            found[real] = None
            waiting += [next((one for one in choices if one in depends or one in provided), choices[0]) for choices in depends[real]]
    return list(found)


def _bare(dependency: str) -> str:
    return re.sub(r"\(.*?\)|:any|:amd64|:arm64", "", dependency).strip()


def _files_of(packages: list[str]) -> Iterator[str]:
    for path in dict.fromkeys(_dpkg("-L", *packages).splitlines()):
        if path.startswith("/") and not path.startswith(_UNREAD) and (Path(path).is_symlink() or Path(path).is_file()):
            yield path


def _dpkg(*arguments: str) -> str:
    return subprocess.run(["dpkg-query", *arguments], capture_output=True, text=True, timeout=60, check=False).stdout


def _put(source: Path, target: Path) -> None:
    """The same file by another name where the file system allows it, else a copy."""
    if os.path.lexists(target):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_symlink():
        target.symlink_to(source.readlink())
        return
    with contextlib.suppress(OSError):
        os.link(source, target)
        return
    shutil.copy2(source, target)


def _put_all(source: Path, target: Path) -> None:
    if source.is_file():
        _put(source, target)
        return
    for folder, _, names in os.walk(source):
        for name in names:
            path = Path(folder, name)
            _put(path, target / path.relative_to(source))


def _put_environment(target: Path) -> None:
    """A virtual environment of what requirements/run.txt names and no more, as `make build` makes it at the image's path."""
    names = re.findall(r"^([A-Za-z0-9_.-]+)==", (ROOT / "requirements" / "run.txt").read_text(), re.MULTILINE)
    packages = target / "lib" / f"python{sysconfig.get_python_version()}" / "site-packages"
    here = Path(sysconfig.get_path("purelib"))
    for name in [*names, "logos-pxl", "logos-pxl-client", "logos-pxl-engine"]:
        for file in distribution(name).files or []:
            source = Path(os.path.normpath(str(file.locate())))
            if source.is_relative_to(here) and source.is_file():
                put = _put_text if source.suffix == ".pth" else _put
                put(source, packages / source.relative_to(here))
    (target / "bin").mkdir(parents=True)
    (target / "bin" / "python").symlink_to("/usr/bin/python3")
    _put_text(Path(sys.executable).parent / "pxl", target / "bin" / "pxl")
    (target / "pyvenv.cfg").write_text("home = /usr/bin\ninclude-system-site-packages = false\n")


def _put_text(source: Path, target: Path) -> None:
    """A file in which this folder's path stands: in the image it is another."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(source.read_text().replace(str(ROOT), APP))
    target.chmod(source.stat().st_mode)
