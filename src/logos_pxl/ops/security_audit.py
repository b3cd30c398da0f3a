"""``pxl ops security-audit``: who may ask, who tried without a right signature, who asks most, and what lies open. Shows no secret."""

import shutil
import socket
import ssl
import stat
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

from logos_pxl.logs.formats import escaped
from logos_pxl.ops.errors import OperationFailed
from logos_pxl.ops.history import REFUSED, History
from logos_pxl.ops.report import Check, Report, Section, Status
from logos_pxl.ops.rotate_key import CURRENT, NEW, OLD
from logos_pxl.ops.running import Operator
from logos_pxl.ops.service import ServiceReader
from logos_pxl.settings import Settings
from logos_pxl.settings.configuration import Configuration
from logos_pxl.settings.sources import ENVIRONMENT

_ATTENTION_DAYS, _CRITICAL_DAYS = 30, 7
_KEY_AGE_DAYS = 365
_SHOWN_CLIENTS = 10
# An attacker has many addresses: the first ones are told apart, the rest is counted together.
_MAX_CLIENTS = 100_000
_LOCAL = ("127.0.0.1", "localhost", "::1")
# The key of docs/signed-requests.md, which everybody has.
_PUBLISHED = bytes(range(32))
# Of 32 random bytes 30 are different on average, and fewer than 20 hardly ever.
_MIN_DIFFERENT_BYTES = 20


def audit_security(operator: Operator, *, days: int, tls_url: str | None, attention_from: int) -> Report:
    """The audit of the last ``days`` days; so many refused signatures of one client need attention."""
    history = History(operator.settings.log_dir, (datetime.now(UTC) - timedelta(days=days)).timestamp())
    configuration = Configuration.load()
    sections = (
        Section("Authentication", tuple(_authentication(operator, configuration))),
        Section("Keys", tuple(_keys(configuration))),
        _refused(history, attention_from),
        _clients(history, operator.settings),
        Section("TLS", (tls_check(tls_url or operator.service.url),)),
        Section("Exposure", tuple(_exposure(operator.settings))),
        Section("Files", tuple(file_checks(configuration))),
        _evidence(history, days),
    )
    return Report("security-audit", f"{operator.service.url}, {days} days", sections)


def _authentication(operator: Operator, configuration: Configuration) -> Iterator[Check]:
    wanted = configuration.settings.hmac_auth_enabled
    try:
        # Without a key, and with nothing to prove.
        answered = ServiceReader(operator.service.url).ask("POST", "/prove", {}).status if operator.service.url else 0
    except OperationFailed:
        answered = 0
    if answered in (0, 401):
        status = Status.FINE if answered else Status.UNKNOWN
        said, advice = ("refused (401)", "") if answered else ("no answer", f"{operator.service.url or 'no address'} does not answer")
    else:
        status = Status.CRITICAL if wanted or configuration.settings.server_host not in _LOCAL else Status.ATTENTION
        said, advice = (
            f"answered ({answered})",
            (
                "ENABLE_HMAC_AUTH=true is configured, and the service answers without a signature: restart it"
                if wanted
                else "whoever reaches the service may use it: ENABLE_HMAC_AUTH=true and a key, then restart"
            ),
        )
    yield Check("HMAC authentication", Status.FINE if wanted else status, "ENABLED" if wanted else "DISABLED", threshold="ENABLED")
    yield Check("unsigned request", status, said, threshold="refused (401)", advice=advice)


def _keys(configuration: Configuration) -> Iterator[Check]:
    settings, env_file = configuration.settings, configuration.settings.env_file
    held = {CURRENT: settings.hmac_key, NEW: settings.hmac_key_new, OLD: settings.hmac_key_old}
    keys = {name: secret.get_secret_value() for name, secret in held.items() if secret is not None}
    for name, key in keys.items():
        fault = weak_key(key)
        advice = f"{fault}: make a new one (pxl ops rotate-key)" if fault else ""
        yield Check(f"strength of {name}", Status.CRITICAL if fault else Status.FINE, "weak" if fault else "strong", advice=advice)
    if len({key.lower() for key in keys.values()}) < len(keys):
        yield Check("different keys", Status.CRITICAL, False, advice="two of the keys are the same: make a new one")
    rotating = [name for name in keys if name != CURRENT]
    advice = "a rotation is under way: when no client uses the old key any more, pxl ops rotate-key --finish" if rotating else ""
    yield Check("keys of a rotation", Status.ATTENTION if rotating else Status.FINE, ", ".join(rotating) or "none", advice=advice)
    if keys and configuration.origins[CURRENT] == str(env_file):
        days = (time.time() - env_file.stat().st_mtime) / 86_400
        advice = "" if days < _KEY_AGE_DAYS else "pxl ops rotate-key"
        status = Status.ATTENTION if advice else Status.FINE
        yield Check(f"{env_file} has not changed for", status, round(days), "days", f"< {_KEY_AGE_DAYS} days", advice)


def weak_key(text: str) -> str:
    """What is wrong with a key (hexadecimal digits); empty when nothing can be seen. Says nothing that would help to guess it."""
    try:
        key = bytes.fromhex(text)
    except ValueError:
        return "it is not hexadecimal"
    if key[: len(_PUBLISHED)] == _PUBLISHED:
        return "it is the one of the documentation"
    if any(key == (key[:length] * len(key))[: len(key)] for length in range(1, len(key) // 2 + 1)):
        return "it repeats itself"
    if key.isascii() and key.decode().isprintable():
        return "it is text that was typed"
    steps = {(one - other) % 256 for one, other in pairwise(key)}
    few = len(set(key)) < _MIN_DIFFERENT_BYTES * min(len(key), 32) / 32
    return "its bytes follow a pattern" if len(steps) == 1 or few else ""


def _refused(history: History, attention_from: int) -> Section:
    """Refused signatures, one line of pxl-server.log each, by reason and by client."""
    reasons, clients = Counter[str](), Counter[str]()
    for line in history.server():
        remark = str(line.get("remark") or "")
        if remark.startswith(REFUSED):
            reasons[remark.removeprefix(REFUSED).partition(";")[0]] += 1
            clients[_counted(clients, str(line["client"]))] += 1
    worst, count = max(clients.items(), key=lambda held: held[1], default=("", 0))
    many = count >= attention_from
    advice = f"{count} from {escaped(worst)}: a guesser, or a client with a wrong key or clock" if many else ""
    checks = [
        Check(
            "refused signatures", Status.ATTENTION if many else Status.FINE, reasons.total(),
            threshold=f"< {attention_from} of one client", advice=advice,
        )
    ]  # fmt: skip
    if replayed := reasons["Nonce reused"]:
        advice = "a correctly signed request came twice: a client repeats requests, or a request was recorded"
        checks.append(Check("replayed requests", Status.ATTENTION, replayed, threshold="0", advice=advice))
    notes = [f"{reason}: {number}" for reason, number in reasons.most_common()]
    notes += [f"{escaped(client)}: {number} refused" for client, number in clients.most_common(_SHOWN_CLIENTS)]
    return Section("Failed authentication", tuple(checks), tuple(notes), {"reasons": dict(reasons)})


def _clients(history: History, settings: Settings) -> Section:
    """The clients with the most requests, their busiest minute, and those over a quota."""
    requests, limited, busiest, within = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    minute = 0
    for line in history.access():
        client = _counted(requests, str(line["client"]))
        requests[client] += 1
        limited[client] += line["status"] == 429  # noqa: PLR2004 - Too Many Requests
        if int(line["at"] // 60) != minute:
            minute = int(line["at"] // 60)
            within.clear()
        within[client] += 1
        busiest[client] = max(busiest[client], within[client])
    quota = settings.rate_limit_per_minute
    over = [client for client, most in busiest.items() if most > quota and client not in _LOCAL]
    enabled = settings.rate_limit_enabled
    advice = "" if enabled or not over else f"{len(over)} clients made more than {quota} requests in a minute: RATE_LIMIT_ENABLED=true"
    checks = (
        Check("rate limiting", Status.ATTENTION if advice else Status.FINE, "ENABLED" if enabled else "DISABLED", advice=advice),
        Check("requests over a quota (429)", Status.FINE, limited.total()),
        Check("clients", Status.FINE, len(requests)),
    )
    top = [
        {"client": escaped(client), "requests": count, "busiest_minute": busiest[client], "over_quota": limited[client]}
        for client, count in requests.most_common(_SHOWN_CLIENTS)
    ]
    notes = ("{client}: {requests} requests, {busiest_minute} in a minute at most, {over_quota} over quota".format_map(row) for row in top)
    return Section("Top clients", checks, tuple(notes), {"top": top})


def _counted(known: Counter[str], client: str) -> str:
    return client if client in known or len(known) < _MAX_CLIENTS else "others"


def tls_check(url: str) -> Check:
    """Whether a client would trust the certificate at ``url``, and when it expires."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "https":
        local = host in _LOCAL
        advice = "" if local else "requests and answers can be read on their way: put TLS in front, and name it by --tls-url"
        said = "plain HTTP, on this machine" if local else "plain HTTP"
        return Check("transport", Status.FINE if local else Status.ATTENTION, said, advice=advice)
    try:
        with (
            socket.create_connection((host, parts.port or 443), timeout=10) as plain,
            ssl.create_default_context().wrap_socket(plain, server_hostname=host) as secured,
        ):
            certificate = secured.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        return Check("certificate", Status.CRITICAL, "refused", advice=f"clients refuse it: {error.verify_message}")
    except OSError as error:
        return Check("certificate", Status.UNKNOWN, advice=f"{host}: no TLS connection: {error}")
    left = (ssl.cert_time_to_seconds(str(certificate["notAfter"])) - time.time()) / 86_400
    status = Status.CRITICAL if left < _CRITICAL_DAYS else Status.ATTENTION if left < _ATTENTION_DAYS else Status.FINE
    advice = "" if status is Status.FINE else f"renew it: it ends {certificate['notAfter']}"
    return Check("certificate ends in", status, round(left, 1), "days", f">= {_ATTENTION_DAYS} days, critical < {_CRITICAL_DAYS}", advice)


def _exposure(settings: Settings) -> Iterator[Check]:
    """The address that the service listens on, and the paths that need no signature."""
    local = settings.server_host in _LOCAL
    open_to_all = not local and not settings.hmac_auth_enabled
    advice = "" if not open_to_all else "every machine that reaches this one may ask: ENABLE_HMAC_AUTH=true, or listen to 127.0.0.1"
    yield Check("listens on", Status.CRITICAL if open_to_all else Status.FINE, settings.server_host, advice=advice)
    paths = settings.open_paths
    unusual = [path for path in paths if path not in type(settings).model_fields["open_paths"].default]
    advice = f"no signature is needed there: {', '.join(unusual)}" if unusual else ""
    yield Check("open paths", Status.ATTENTION if unusual else Status.FINE, ", ".join(paths) or "none", advice=advice)


def file_checks(configuration: Configuration, folder: Path = Path()) -> Iterator[Check]:
    """Files with secrets and folders that others than their owner can use, and an environment file in version control."""
    settings, found = configuration.settings, configuration.sources.read()
    secret = [found[entry.variable].origin for entry in configuration.entries() if entry.secret and entry.variable in found]
    private = {folder / origin for origin in secret if origin != ENVIRONMENT} | set(settings.backup_dir.glob("*.tar.gz"))
    for root in (settings.config_dir, *(folder / name for name in ("nginx", "kubernetes", "certs", "tls"))):
        private |= {path for path in root.rglob("*") if path.suffix in (".pem", ".key", ".p12", ".pfx") and _has_key(path)}
    faults = [fault for path in sorted(private) if (fault := _mode_fault(path, 0o037))]
    folders = (settings.log_dir, settings.data_dir, settings.config_dir)
    faults += [fault for path in folders if path.is_dir() and (fault := _mode_fault(path, 0o002))]
    yield from faults
    if not faults:
        yield Check("modes of files and folders", Status.FINE, len(private) + len(folders))
    git = shutil.which("git")
    command = [git or "", "-C", str(settings.env_file.absolute().parent), "ls-files", "--error-unmatch", "--", settings.env_file.name]
    tracked = bool(git) and subprocess.run(command, capture_output=True, timeout=10, check=False).returncode == 0
    advice = f"git rm --cached {settings.env_file}, and rotate every secret that it ever held" if tracked else ""
    yield Check("environment file outside version control", Status.CRITICAL if tracked else Status.FINE, not tracked, advice=advice)


def _has_key(path: Path) -> bool:
    """Certificates have the same suffixes, and are public."""
    return path.is_file() and (path.suffix in (".p12", ".pfx") or b"PRIVATE KEY-----" in path.read_bytes()[: 64 << 10])


def _mode_fault(path: Path, forbidden: int) -> Check | None:
    mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0
    if not mode & forbidden or (mode & stat.S_ISVTX and path.is_dir()):
        return None
    status = Status.CRITICAL if mode & 0o007 else Status.ATTENTION
    return Check(str(path), status, f"{mode:04o}", advice=f"others may use it: chmod {mode & ~forbidden & 0o777:03o} {path}")


def _evidence(history: History, days: int) -> Section:
    log_dir = history.log_dir.absolute()
    advice = "; ".join(history.faults) or ("" if history.files else f"{log_dir} has no logs: run this where the service writes them")
    check = Check("log files read", Status.ATTENTION if advice else Status.FINE, len(history.files), advice=advice)
    return Section("Evidence", (check,), (f"{days} days of logs in {log_dir}, archives included",))
