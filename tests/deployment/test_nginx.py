"""nginx in front of two replicas: what it promises to clients, and what it keeps from the service."""

import http.client
import json
import re
import secrets
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx2
import pytest
from deployment.balancer import NAME, NGINX, make_certificate
from deployment.replicas import Deployment, deployed
from e2e.asking import GOAL, JSON, problem_type
from e2e.running import HARD, ROOT

from logos_pxl.settings import Settings
from logos_pxl.wire.signing import signed_headers

KEY = secrets.token_hex(32)
PER_MINUTE = 30
PROBLEM = "application/problem+json"


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Signatures are demanded, and each address has a quota: tests come from addresses of their own."""
    demands = {"ENABLE_HMAC_AUTH": "true", "HMAC_SECRET_KEY": KEY, "RATE_LIMIT_ENABLED": "true", "RATE_LIMIT_PER_MINUTE": str(PER_MINUTE)}
    with deployed(tmp_path_factory.mktemp("deployment"), **demands) as up:
        yield up


def signed(method: str, target: str, body: bytes = b"", **headers: str) -> dict[str, str]:
    return {**JSON, **signed_headers(KEY, method, target, body), **headers}


def ask(client: httpx2.Client, goal: str, **headers: str) -> httpx2.Response:
    body = json.dumps({"goal": goal}).encode()
    return client.post("/prove", content=body, headers=signed("POST", "/prove", body, **headers))


def get(client: httpx2.Client, target: str, **headers: str) -> httpx2.Response:
    return client.get(target, headers=signed("GET", target, **headers))


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def upstreams_of(deployment: Deployment, mark: str) -> set[str]:
    """The replicas' ports to which requests went whose log lines hold ``mark``."""
    return set(re.findall(rf"{re.escape(mark)}.*? upstream=127\.0\.0\.1:(\d+) ", deployment.balancer.log()))


def ports(deployment: Deployment) -> set[str]:
    return {str(replica.port) for replica in deployment.replicas}


def test_a_nonce_is_good_once_whichever_replica_is_asked(deployment: Deployment) -> None:
    """A recorded request is refused again and again, and both replicas were asked."""
    with deployment.balancer.client(source="127.0.1.1") as client:
        recorded = {**signed("POST", "/prove", GOAL), "User-Agent": "replayer"}
        answers = [client.post("/prove", content=GOAL, headers=recorded) for _ in range(7)]
    assert [answer.status_code for answer in answers] == [200] + [401] * 6
    assert all("Nonce reused" in answer.text for answer in answers[1:])
    assert upstreams_of(deployment, '"replayer"') == ports(deployment)


def test_a_quota_is_one_for_both_replicas(deployment: Deployment) -> None:
    """A client gets as many answers as RATE_LIMIT_PER_MINUTE says, not twice as many, and then 429 from the service."""
    with deployment.balancer.client(source="127.0.1.2") as client:
        answers = [ask(client, "A -> A", **{"User-Agent": "glutton"}) for _ in range(PER_MINUTE + 5)]
    assert [answer.status_code for answer in answers] == [200] * PER_MINUTE + [429] * 5
    assert problem_type(answers[-1].content) == "quota-exceeded"
    assert upstreams_of(deployment, '"glutton"') == ports(deployment)


def test_a_goal_proved_on_one_replica_is_a_hit_on_the_other(deployment: Deployment) -> None:
    """Searched once; the other replica's kernel checks the certificate that the first found."""
    with deployment.balancer.client(source="127.0.1.3") as client:
        methods = [ask(client, "BOX(shared /\\ other -> other)").json()["proof_method"] for _ in range(4)]
    assert methods.count("search+kernel") == 1
    assert set(methods) == {"search+kernel", "cache+kernel", "cache"}


def test_the_client_is_who_nginx_saw(deployment: Deployment) -> None:
    """The service's log and quota have the client's own address, whatever it claims to be."""
    with deployment.balancer.client(source="127.0.1.4") as client:
        claims = {"X-Forwarded-For": "203.0.113.1, 127.0.0.1", "Forwarded": "for=203.0.113.1", "User-Agent": "liar"}
        assert [ask(client, "A -> A", **claims).status_code for _ in range(2)] == [200, 200]

    def lines() -> list[str]:
        logs = [(replica.logs / "access.log").read_text() for replica in deployment.replicas]
        return [line for line in "".join(logs).splitlines() if '"liar"' in line]

    until(lambda: len(lines()) == 2)
    assert {line.split()[0] for line in lines()} == {"127.0.1.4"}


def test_a_signed_target_arrives_as_it_was_sent(deployment: Deployment) -> None:
    """Path and query are part of the signature, and nginx changes neither; both replicas hand the certificate out."""
    with deployment.balancer.client(source="127.0.1.5") as client:
        identifier = ask(client, "BOX(A -> A)").json()["id"]
        answers = [get(client, f"/certificates/{identifier}?format=v", **{"User-Agent": "reader"}) for _ in range(4)]
        until(lambda: all(f"request_id={answer.headers['x-request-id']}" in deployment.balancer.log() for answer in answers))
    assert all("goal_is_provable" in answer.text for answer in answers)
    assert upstreams_of(deployment, '"reader"') == ports(deployment)


def test_events_arrive_while_the_job_is_at_work(deployment: Deployment) -> None:
    """The first event is read before the job has ended; its end comes on the same stream, also compressed nowhere on the way."""
    with deployment.balancer.client(source="127.0.1.6") as client, deployment.balancer.client(source="127.0.1.6") as other:
        job = ask(client, HARD, Prefer="respond-async").headers["location"]
        headers = signed("GET", job, Accept="text/event-stream", **{"Accept-Encoding": "gzip"})
        with client.stream("GET", job, headers=headers) as stream:
            lines = stream.iter_lines()
            assert any(line == "event: running" for line in lines)
            assert get(other, job).json()["status"] == "running"
            assert other.delete(job, headers=signed("DELETE", job)).json()["status"] == "cancelled"
            assert "event: cancelled" in list(lines)
            assert "content-encoding" not in stream.headers


def test_lines_of_a_batch_arrive_as_they_are_done(deployment: Deployment) -> None:
    """The easy goal's line is read while the hard one is still searched."""
    body = json.dumps({"goals": ["A -> A", HARD], "timeout_ms": 20_000}).encode()
    with (
        deployment.balancer.client(source="127.0.1.7") as client,
        client.stream("POST", "/prove/batch", content=body, headers=signed("POST", "/prove/batch", body)) as stream,
    ):
        lines = stream.iter_lines()
        first = json.loads(next(lines))
        assert (first["index"], first["result"]["verdict"]) == (0, "valid")
        until(lambda: sum(replica.client.get("/metrics").json()["logos_pxl_searches_running"] for replica in deployment.replicas) == 1)


def test_a_job_is_found_whichever_replica_has_it(deployment: Deployment) -> None:
    """Its id begins with the name of its replica, and nginx sends there what is asked about it."""
    with deployment.balancer.client(source="127.0.1.8") as client:
        jobs = [ask(client, "A -> A", Prefer="respond-async").headers["location"] for _ in range(4)]
        assert {job.removeprefix("/jobs/").partition("-")[0] for job in jobs} == {"8088", "8089"}
        for job in jobs * 3:
            assert get(client, job, Prefer="wait=10").json()["status"] == "done"


def test_the_size_limit_is_the_services(deployment: Deployment) -> None:
    """A body of MAX_REQUEST_SIZE reaches the service; one byte more is refused by nginx in the service's form."""
    limit = Settings.of({}).max_request_bytes
    goal = b'{"goal": "A -> A"}'
    with deployment.balancer.client(source="127.0.1.9") as client:
        largest = goal + b" " * (limit - len(goal))
        assert client.post("/prove", content=largest, headers=signed("POST", "/prove", largest)).json()["verdict"] == "valid"
        refused = client.post("/prove", content=largest + b" ", headers=JSON)
    assert (refused.status_code, refused.headers["content-type"], problem_type(refused.content)) == (413, PROBLEM, "request-too-large")


@pytest.mark.parametrize("path", ["/metrics", "/metrics/performance", "/metrics?x=1", "//metrics", "/%6Detrics", "/./metrics"])
def test_figures_are_not_for_everybody(deployment: Deployment, path: str) -> None:
    """However the path is spelled, only the machine itself is told."""
    # Not by a client that tidies paths up.
    stranger = http.client.HTTPSConnection(
        "127.0.0.1", deployment.balancer.port, timeout=30, source_address=("127.0.1.10", 0), context=deployment.balancer.context()
    )
    stranger.request("GET", path)
    refused = stranger.getresponse()
    assert (refused.status, b"logos_pxl" in refused.read()) in ((400, False), (403, False))
    stranger.close()
    with deployment.balancer.client(source="127.0.0.1") as operator:
        assert operator.get("/metrics").json()["logos_pxl_ready"] == 1


def test_a_flood_from_one_address_is_kept_from_the_service(deployment: Deployment) -> None:
    """Over its burst an address is told 429 by nginx, in the service's form; another address does not notice."""
    raw = socket.create_connection(("127.0.0.1", deployment.balancer.port), timeout=30, source_address=("127.0.1.11", 0))
    with deployment.balancer.context().wrap_socket(raw, server_hostname=NAME) as flood:
        flood.sendall(b"GET /health/live HTTP/1.1\r\nHost: pxl\r\n\r\n" * 400)
        answers = flood.makefile("rb")
        statuses = []
        for _ in range(400):
            statuses.append(int(answers.readline().split()[1]))
            fields = http.client.parse_headers(answers)
            body = answers.read(int(fields["Content-Length"]))
    assert set(statuses) == {200, 429}
    assert (statuses[:100], statuses.count(429) >= 50) == ([200] * 100, True)
    assert (statuses[-1], fields["Content-Type"], problem_type(body), fields["Retry-After"]) == (429, PROBLEM, "too-many-requests", "1")
    with deployment.balancer.client(source="127.0.1.12") as other:
        assert other.get("/health/live").status_code == 200


def test_connections_of_one_address_are_bounded(deployment: Deployment) -> None:
    """Fifty requests at once are served, the next is told 429; another address is served."""
    address = ("127.0.0.1", deployment.balancer.port)
    head = b"POST /prove HTTP/1.1\r\nHost: pxl\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{"
    context = deployment.balancer.context()
    with ExitStack() as stack:
        for _ in range(50):
            raw = socket.create_connection(address, timeout=10, source_address=("127.0.1.13", 0))
            held = stack.enter_context(context.wrap_socket(raw, server_hostname="127.0.0.1"))
            held.sendall(head)
        with deployment.balancer.client(source="127.0.1.13") as client, deployment.balancer.client(source="127.0.1.14") as other:
            until(lambda: client.get("/health/live").status_code == 429)
            assert other.get("/health/live").status_code == 200


def handshake(deployment: Deployment, version: ssl.TLSVersion) -> str | None:
    context = deployment.balancer.context()
    # Else OpenSSL itself refuses old versions.
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    raw = socket.create_connection(("127.0.0.1", deployment.balancer.port), timeout=10)
    with raw, context.wrap_socket(raw, server_hostname=NAME) as wrapped:
        return wrapped.version()


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_only_current_versions_of_tls_are_spoken(deployment: Deployment) -> None:
    """1.2 and 1.3; older ones are refused by the server."""
    assert handshake(deployment, ssl.TLSVersion.TLSv1_2) == "TLSv1.2"
    assert handshake(deployment, ssl.TLSVersion.TLSv1_3) == "TLSv1.3"
    for old in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
        with pytest.raises(ssl.SSLError, match=r"ALERT_PROTOCOL_VERSION|alert protocol version"):
            handshake(deployment, old)


def test_http_2_is_spoken_and_plain_http_is_sent_away(deployment: Deployment) -> None:
    """Browsers multiplex; a plain request is told the place, its method kept, and browsers remember it (HSTS)."""
    balancer = deployment.balancer
    curl = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_version} %{http_code}", "--cacert", f"{balancer.folder}/tls/fullchain.pem"]
    spoken = subprocess.run(
        [*curl, "--http2", f"{balancer.url}/health"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert spoken.stdout == "2 200"
    plain = httpx2.post(f"http://127.0.0.1:{balancer.plain_port}/prove?x=1", content=GOAL, follow_redirects=False)
    assert (plain.status_code, plain.headers["location"]) == (308, "https://127.0.0.1/prove?x=1")
    with balancer.client() as client:
        answer = client.get("/health/live")
    assert answer.headers["strict-transport-security"] == "max-age=63072000"
    assert answer.headers["server"] == "nginx"


def test_large_answers_are_compressed(deployment: Deployment) -> None:
    """JSON is, for clients that can read it."""
    with deployment.balancer.client(source="127.0.1.15") as client:
        answer = client.get("/openapi.json", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.json()["openapi"].startswith("3.")


@pytest.mark.parametrize("site", ["host", "compose"])
def test_the_configuration_is_accepted_without_a_warning(tmp_path: Path, site: str) -> None:
    """By nginx -t, the files as they are shipped; only places that this machine lacks are put elsewhere."""
    for part in ("nginx.conf", "pxl"):
        (tmp_path / part).symlink_to(ROOT / "nginx" / part)
    (tmp_path / "site").mkdir()
    for file in (ROOT / "nginx" / "sites" / site).iterdir():
        text = file.read_text().replace("/etc/nginx/tls", f"{tmp_path}/tls")
        text = re.sub(r"/run/nginx.pid|/tmp/nginx.pid", f"{tmp_path}/nginx.pid", text)
        text = re.sub(r"/var/log/nginx/|/dev/std(out|err)", f"{tmp_path}/log", text)
        (tmp_path / "site" / file.name).write_text(re.sub(r"/tmp/(?=client_body|proxy|\w+cgi)", f"{tmp_path}/", text))
    make_certificate(tmp_path / "tls")
    command = [NGINX, "-t", "-q", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf"), "-e", str(tmp_path / "errors")]
    said = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (said.returncode, said.stdout + said.stderr) == (0, "")
