"""A real nginx with the configuration of ``nginx/``, in front of real replicas, on free ports and with a certificate of its own.

Every file is used as it stands; in a copy of the host's site its ports, its paths and the user are put in, for nothing else may differ.
"""

import contextlib
import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx2
from e2e.running import ROOT, free_port

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin") or "nginx"
NAME = "pxl.example.org"


@dataclass
class Balancer:
    """An nginx that is up. Its folder holds ``access.log`` and ``error.log``."""

    folder: Path
    port: int
    plain_port: int

    @property
    def url(self) -> str:
        """Where TLS ends."""
        return f"https://127.0.0.1:{self.port}"

    def context(self) -> ssl.SSLContext:
        """Trusts this balancer's certificate only."""
        return ssl.create_default_context(cafile=str(self.folder / "tls" / "fullchain.pem"))

    def client(self, *, source: str = "127.0.0.1", http2: bool = False) -> httpx2.Client:
        """A client whose address is ``source``, any of the machine's 127.0.0.0/8."""
        transport = httpx2.HTTPTransport(verify=self.context(), local_address=source, http2=http2)
        return httpx2.Client(base_url=self.url, transport=transport, timeout=60)

    def log(self) -> str:
        """The access log."""
        return (self.folder / "access.log").read_text()


def install(folder: Path, ports: Sequence[int], *, port: int, plain_port: int) -> Path:
    """Lay nginx's files out below ``folder`` as the host has them below /etc/nginx; gives the main file."""
    shutil.copytree(ROOT / "nginx", folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("sites"))
    shutil.copytree(ROOT / "nginx" / "sites" / "host", folder / "site")
    changes = {
        "main.conf": {"user www-data;": "user root root;", "/run/nginx.pid": f"{folder}/nginx.pid", "/var/log/nginx": f"{folder}"},
        "upstreams.conf": {f"127.0.0.1:{shipped}": f"127.0.0.1:{real}" for shipped, real in zip((8088, 8089), ports, strict=True)},
        "server.conf": {
            "listen 80;": f"listen 127.0.0.1:{plain_port};",
            "listen [::]:80;": "",
            "listen 443 ": f"listen 127.0.0.1:{port} ",
            "listen [::]:443 ssl http2;": "",
            "/etc/nginx/tls": f"{folder}/tls",
            "/var/log/nginx": f"{folder}",
        },
    }
    for name, replacements in changes.items():
        path = folder / "site" / name
        text = path.read_text()
        for shipped, here in replacements.items():
            assert shipped in text, f"{name} has no {shipped!r}: mend this table"
            text = text.replace(shipped, here)
        path.write_text(text)
    return folder / "nginx.conf"


def make_certificate(folder: Path) -> None:
    """A self-signed certificate for 127.0.0.1 and the example's name."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
        "-subj",
        f"/CN={NAME}",
    ]
    names = ["-addext", f"subjectAltName=DNS:{NAME},IP:127.0.0.1"]
    files = ["-keyout", str(folder / "privkey.pem"), "-out", str(folder / "fullchain.pem")]
    subprocess.run([*command, *names, *files], check=True, capture_output=True, timeout=30)


@contextlib.contextmanager
def running_nginx(folder: Path, ports: Sequence[int]) -> Iterator[Balancer]:
    """An nginx in front of the replicas on these two ports, until the end of the block."""
    folder.mkdir(exist_ok=True)
    port, plain_port = free_port(), free_port()
    make_certificate(folder / "tls")
    main = install(folder, ports, port=port, plain_port=plain_port)
    with (folder / "output.log").open("wb") as output:
        process = subprocess.Popen(
            [NGINX, "-p", str(folder), "-c", str(main), "-e", str(folder / "error.log"), "-g", "daemon off;"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        balancer = Balancer(folder, port, plain_port)
        _wait_until_up(balancer, process)
        yield balancer
    finally:
        process.terminate()
        process.wait(30)


def _wait_until_up(balancer: Balancer, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        assert process.poll() is None, (balancer.folder / "output.log").read_text()
        with contextlib.suppress(httpx2.TransportError):
            httpx2.get(f"http://127.0.0.1:{balancer.plain_port}/")
            return
        time.sleep(0.05)
    raise AssertionError("nginx was not up within 30 s")
