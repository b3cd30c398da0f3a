"""The page's files over HTTP: where they are, what they forbid, how they are cached. What the page does is tested in ``tests/web``."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from e2e.running import ROOT, Server, running_server

WEB = ROOT / "web"
NAMES = sorted(path.name for path in WEB.iterdir())
KEY = "5a" * 32


@pytest.mark.parametrize("path", ["/", *(f"/web/{name}" for name in NAMES)])
def test_every_file_is_served_as_what_it_is(server: Server, path: str) -> None:
    """Its own bytes, its own type, never sniffed; what can be a document: nothing inline, nothing from elsewhere, never framed."""
    answer = server.client.get(path)
    assert answer.status_code == 200
    assert answer.content == (WEB / (path.removeprefix("/web/").removeprefix("/") or "index.html")).read_bytes()
    expected = {"": "text/html", ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
    assert answer.headers["content-type"].partition(";")[0] == expected[Path(path).suffix]
    assert answer.headers["x-content-type-options"] == "nosniff"
    if answer.headers["content-type"].startswith(("text/css", "text/javascript")):
        return
    policy = answer.headers["content-security-policy"].split("; ")
    assert policy[0] == "default-src 'none'"
    assert {"frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'", "trusted-types 'none'"} <= set(policy)
    assert not re.search(r"unsafe|https?:|\*|data:", answer.headers["content-security-policy"])
    assert answer.headers["referrer-policy"] == "no-referrer"


def test_a_file_that_is_known_is_not_sent_again(server: Server) -> None:
    """304 for its tag, whichever coding it came in; the two codings have different tags."""
    zipped = server.client.get("/web/main.js", headers={"Accept-Encoding": "gzip"})
    plain = server.client.get("/web/main.js", headers={"Accept-Encoding": "identity"})
    assert (zipped.headers["content-encoding"], plain.headers.get("content-encoding")) == ("gzip", None)
    assert zipped.content == plain.content
    assert int(zipped.headers["content-length"]) < int(plain.headers["content-length"])
    assert zipped.headers["etag"] != plain.headers["etag"]
    assert zipped.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    for answer, coding in ((zipped, "gzip"), (plain, "gzip;q=0")):
        for tag in (answer.headers["etag"], f'"x", W/{answer.headers["etag"]}'):
            again = server.client.get("/web/main.js", headers={"Accept-Encoding": coding, "If-None-Match": tag})
            assert (again.status_code, again.content) == (304, b"")
            assert again.headers["etag"] == answer.headers["etag"]
    assert server.client.get("/web/main.js", headers={"If-None-Match": '"x"'}).status_code == 200


def test_only_files_of_the_page_are_served(server: Server) -> None:
    """No name leads out of the folder, and none to what is no page."""
    for name in ("none.js", "..%5cpyproject.toml", "%2e%2e%2fpyproject.toml", "main.js/", "main.js~"):
        assert server.client.get(f"/web/{name}").status_code in (400, 404)
    assert server.client.post("/web/main.js").status_code == 405


def test_status_leads_to_the_view(server: Server) -> None:
    """For those who type the address."""
    answer = server.client.get("/status")
    assert (answer.status_code, answer.headers["location"]) == (307, "/#status")


def test_the_page_names_all_its_modules(server: Server) -> None:
    """So that a browser loads them at once and not one after the other; and each is loaded by some other."""
    page = server.client.get("/").text
    modules = {path.name for path in WEB.glob("*.js")} - {"theme.js", "main.js"}
    assert set(re.findall(r'rel="modulepreload" href="/web/([^"]+)"', page)) == modules
    imported = {name for path in WEB.glob("*.js") for name in re.findall(r'^import .* from "\./([^"]+)";$', path.read_text(), re.MULTILINE)}
    assert imported == modules


def test_the_page_is_open_where_requests_must_be_signed(tmp_path: Path) -> None:
    """With all its files; asking is not."""
    with running_server(tmp_path, ENABLE_HMAC_AUTH="true", HMAC_SECRET_KEY=KEY) as guarded:
        assert [guarded.client.get(path).status_code for path in ("/", "/web/main.js", "/status")] == [200, 200, 307]
        assert guarded.client.post("/parse", json={"goal": "A"}).status_code == 401


def test_a_folder_that_holds_no_page_ends_the_start(tmp_path: Path) -> None:
    """When it was named; the message names the setting and the folder."""
    environment = {
        "PXL_WEB_DIR": str(tmp_path),
        "PXL_ENV_FILE": "/dev/null",
        "PXL_LOG_DIR": str(tmp_path / "logs"),
        "PATH": "/usr/bin:/bin",
    }
    ran = subprocess.run(
        [sys.executable, str(ROOT / "serve_pxl.py")], env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 2
    assert f"PXL_WEB_DIR='{tmp_path}'" in ran.stderr
