"""``pxl ops security-audit``: who may ask, who tried to without, who asks most, and what lies open."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from logos_pxl.acceptance.service import Answer, NotReachable, Service
from logos_pxl.logs.text import escaped
from logos_pxl.ops.history.log_lines import AccessLine, ServerLine
from logos_pxl.ops.history.log_reading import LogReader
from logos_pxl.ops.report import Check, Report, Section, Status
from logos_pxl.ops.reviews.days import days_ago
from logos_pxl.ops.reviews.exposure import file_checks
from logos_pxl.ops.reviews.secrets_check import KEYS, weak_secrets
from logos_pxl.ops.reviews.tls import tls_checks
from logos_pxl.ops.running import Operator
from logos_pxl.settings import Settings
from logos_pxl.settings.configuration import Configuration
from logos_pxl.settings.sources import ENVIRONMENT

_SHOWN_SOURCES = 10
_MAX_SOURCES = 100_000
_OTHERS = "others"
_UNAUTHORIZED, _TOO_MANY = 401, 429
_LOCAL = ("127.0.0.1", "localhost", "::1")
_PROBE_S = 10.0
_REUSED = "Nonce reused"


@dataclass(slots=True)
class Attempts:
    """Refused signatures: by reason, by source, by both."""

    reasons: Counter[str] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)
    both: Counter[tuple[str, str]] = field(default_factory=Counter)

    @classmethod
    def of(cls, lines: Iterable[ServerLine]) -> "Attempts":
        """Those of these lines."""
        found = cls()
        for line in lines:
            if line.refusal:
                source = bounded(found.sources, line.client)
                found.reasons[line.refusal] += 1
                found.sources[source] += 1
                found.both[source, line.refusal] += 1
        return found


@dataclass(slots=True)
class Traffic:
    """Requests by source: all, those over a quota, and the most in one minute."""

    requests: Counter[str] = field(default_factory=Counter)
    limited: Counter[str] = field(default_factory=Counter)
    busiest_minute: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, lines: Iterable[AccessLine]) -> "Traffic":
        """Those of these lines, which come in the order of their times."""
        found = cls()
        minute, within = 0, Counter[str]()
        for line in lines:
            source = bounded(found.requests, line.client)
            found.requests[source] += 1
            found.limited[source] += line.status == _TOO_MANY
            if int(line.at // 60) != minute:
                minute = int(line.at // 60)
                within.clear()
            within[source] += 1
            found.busiest_minute[source] = max(found.busiest_minute[source], within[source])
        return found


def bounded(known: Counter[str], source: str) -> str:
    """The source itself, or ``others`` when there are too many to tell apart: an attacker has many addresses."""
    return source if source in known or len(known) < _MAX_SOURCES else _OTHERS


def audit_security(operator: Operator, *, days: int, tls_url: str | None, attention_from: int) -> Report:
    """The audit of the last ``days`` days; from ``attention_from`` refused signatures of one source on, it wants attention."""
    now = datetime.now(UTC)
    reader = LogReader(operator.settings.log_dir, days_ago(now, days))
    attempts, traffic = Attempts.of(reader.server()), Traffic.of(reader.access())
    configuration = Configuration.load()
    sections = [
        _authentication(operator, configuration),
        _attempts(attempts, attention_from),
        _sources(traffic, operator.settings),
        Section("TLS", tls_checks(tls_url or operator.service.url, now)),
        _secrets(configuration),
        _files(operator.settings, configuration),
        _logs(reader, days),
    ]
    return Report("security-audit", f"{operator.service.url}, {days} days", tuple(sections))


def _authentication(operator: Operator, configuration: Configuration) -> Section:
    wanted = configuration.settings.hmac_auth_enabled
    exposed = configuration.settings.server_host not in _LOCAL
    answer = _unsigned(operator.service.url)
    if answer is None:
        asked = Check("unsigned request", Status.UNKNOWN, advice=f"{operator.service.url} does not answer")
    elif answer.status == _UNAUTHORIZED:
        asked = Check("unsigned request", Status.FINE, "refused (401)")
    else:
        worse = Status.CRITICAL if exposed or wanted else Status.ATTENTION
        advice = (
            "ENABLE_HMAC_AUTH=true is configured, and the service answers without a signature: restart it"
            if wanted
            else "anybody who reaches the service may use it: ENABLE_HMAC_AUTH=true and a key, then restart"
        )
        asked = Check("unsigned request", worse, f"answered ({answer.status})", threshold="refused (401)", advice=advice)
    state = Check("HMAC authentication", Status.FINE if wanted else asked.status, "ENABLED" if wanted else "DISABLED", threshold="ENABLED")
    rotating = [name for name in KEYS[1:] if getattr(configuration.settings, _FIELDS[name]) is not None]
    left = Check(
        "keys of a rotation",
        Status.ATTENTION if rotating else Status.FINE,
        ", ".join(rotating) or "none",
        advice="a rotation is under way: when no client uses the old key any more, pxl ops rotate-key --finish" if rotating else "",
    )
    return Section("Authentication", (state, asked, left))


_FIELDS = {"HMAC_SECRET_KEY_NEW": "hmac_key_new", "HMAC_SECRET_KEY_OLD": "hmac_key_old"}


def _unsigned(url: str) -> Answer | None:
    """What is answered to a request without a signature, which asks for nothing; ``None`` when nobody answers."""
    try:
        return Service(url, key=None, timeout_s=_PROBE_S).ask(
            "POST", "/prove", body=b"{}", headers={"Content-Type": "application/json"}, patient=False
        )
    except NotReachable:
        return None


def _attempts(attempts: Attempts, attention_from: int) -> Section:
    total = attempts.reasons.total()
    worst, count = max(attempts.sources.items(), key=lambda held: held[1], default=("", 0))
    checks = [
        Check(
            "refused signatures",
            Status.ATTENTION if count >= attention_from else Status.FINE,
            total,
            threshold=f"< {attention_from} of one source",
            advice=f"{count} from {escaped(worst)}: somebody guesses, or a client has the wrong key or clock"
            if count >= attention_from
            else "",
        )
    ]
    replayed = attempts.reasons[_REUSED]
    if replayed:
        advice = "a request that was right came twice: a client that repeats itself, or somebody who recorded it"
        checks.append(Check("replayed requests", Status.ATTENTION, replayed, threshold="0", advice=advice))
    by_source = [_attempts_of(attempts, source) for source, _ in attempts.sources.most_common(_SHOWN_SOURCES)]
    rows = [{"source": escaped(source), "reason": reason, "count": number} for (source, reason), number in attempts.both.most_common(100)]
    notes = [f"{reason}: {number}" for reason, number in attempts.reasons.most_common()]
    return Section("Failed authentication", tuple(checks), (*notes, *by_source), {"attempts": rows})


def _attempts_of(attempts: Attempts, source: str) -> str:
    reasons = [f"{reason} {attempts.both[source, reason]}" for reason in attempts.reasons if attempts.both[source, reason]]
    return f"{escaped(source)}: {attempts.sources[source]} ({', '.join(reasons)})"


def _sources(traffic: Traffic, settings: Settings) -> Section:
    quota = settings.rate_limit_per_minute
    over = [source for source, most in traffic.busiest_minute.items() if most > quota and source not in _LOCAL]
    enabled = settings.rate_limit_enabled
    advice = "" if enabled or not over else f"{len(over)} sources made more than {quota} requests in a minute: RATE_LIMIT_ENABLED=true"
    checks = (
        Check("rate limiting", Status.ATTENTION if advice else Status.FINE, "ENABLED" if enabled else "DISABLED", advice=advice),
        Check("requests over a quota (429)", Status.FINE, traffic.limited.total()),
        Check("sources", Status.FINE, len(traffic.requests)),
    )
    top = [
        f"{escaped(source)}: {count} requests, {traffic.busiest_minute[source]} in a minute at most, {traffic.limited[source]} over quota"
        for source, count in traffic.requests.most_common(_SHOWN_SOURCES)
    ]
    rows = [
        {
            "source": escaped(source),
            "requests": count,
            "busiest_minute": traffic.busiest_minute[source],
            "over_quota": traffic.limited[source],
        }
        for source, count in traffic.requests.most_common(_SHOWN_SOURCES)
    ]
    return Section("Sources", checks, tuple(top), {"top": rows})


def _secrets(configuration: Configuration) -> Section:
    faults = weak_secrets(configuration.sources.read())
    checks = [Check(f"{name}", Status.CRITICAL, "weak", advice=f"{fault}: make a new one (openssl rand -hex 32)") for name, fault in faults]
    return Section("Secrets", tuple(checks) or (Check("weak or default secrets", Status.FINE, 0),))


def _files(settings: Settings, configuration: Configuration) -> Section:
    found = configuration.sources.read()
    secret = {entry.variable for entry in configuration.entries() if entry.secret and entry.variable in found}
    holding = {found[name].origin for name in secret if found[name].origin != ENVIRONMENT}
    return Section("Files", tuple(file_checks(settings, secrets_in=holding)))


def _logs(reader: LogReader, days: int) -> Section:
    advice = "; ".join(reader.unreadable) or (
        "" if reader.files else f"{reader.log_dir} holds no logs: run this where the service writes them"
    )
    status = Status.ATTENTION if advice else Status.FINE
    return Section("Evidence", (Check("logs read", status, reader.files, "files", advice=advice),), (f"{days} days, archives included",))
