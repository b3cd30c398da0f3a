"""The metrics that events change: counters, histograms, and gauges that components set themselves.

Names follow the operations manual where it has one, and Prometheus' conventions elsewhere. docs/metrics.md describes each.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SECONDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_START_SECONDS = (0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0, 15.0)


class Instruments:
    """One set of metrics in one registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, meaning: str, *labels: str) -> Counter:
            return Counter(f"logos_pxl_{name}", meaning, labels, registry=registry)

        def gauge(name: str, meaning: str, *labels: str) -> Gauge:
            return Gauge(f"logos_pxl_{name}", meaning, labels, registry=registry)

        def histogram(name: str, meaning: str, *labels: str, buckets: tuple[float, ...] = _SECONDS) -> Histogram:
            return Histogram(f"logos_pxl_{name}", meaning, labels, buckets=buckets, registry=registry)

        # Goals.
        self.stage_seconds = histogram("stage_duration_seconds", "What goals spent in each stage.", "stage")
        self.verdicts = counter("verdicts_total", "Verdicts given, by kind.", "verdict")
        self.unknown = counter("unknown_verdicts_total", "Unknown verdicts, by reason.", "reason")
        self.abandoned = counter("abandoned_goals_total", "Goals whose client went away before the verdict.")
        self.rejections = counter("rejections_total", "Requests refused before anything was decided, by reason.", "reason")
        self.soundness_alarms = counter("soundness_alarms_total", "Certificates that the kernel refused; more than 0 is a defect.")
        # HTTP.
        self.requests = counter("http_requests_total", "Requests answered, by endpoint and status.", "endpoint", "status")
        self.request_seconds = histogram("http_request_duration_seconds", "From a request's head to its answer's end.", "endpoint")
        self.requests_in_flight = gauge("http_requests_in_flight", "Requests being answered.")
        # The cache.
        self.cache_hits = counter("cache_hits_total", "Look-ups that spared a search: stored, equivalent to a stored goal, or joined.")
        self.cache_misses = counter("cache_misses_total", "Look-ups that found nothing.")
        self.cache_prefetch_hits = counter("cache_prefetch_hits_total", "Hits on the entry of an equivalent goal.")
        self.cache_joined = counter("cache_joined_total", "Hits on a goal that was being decided already.")
        self.cache_evictions = counter("cache_evictions_total", "Entries that left the cache, by cause.", "cause")
        self.cache_refused = counter(
            "cache_entries_refused_total", "Entries of the shared cache that were malformed, or refused by the kernel."
        )
        # Sessions, queues, jobs.
        self.session_starts = counter("session_starts_total", "Coq sessions that became warm.")
        self.session_start_seconds = histogram(
            "session_start_duration_seconds", "From a session's start until it is warm.", buckets=_START_SECONDS
        )
        self.session_start_failures = counter("session_start_failures_total", "Coq sessions that did not start.")
        self.session_replacements = counter("session_replacements_total", "Coq sessions replaced, by cause.", "cause")
        self.jobs = counter("jobs_total", "What became of asynchronous jobs, by event.", "event")
        self.jobs_held = gauge("jobs_held", "Asynchronous jobs now, by state.", "state")
        self.batches = counter("batches_total", "Batches accepted.")
        self.batch_goals = counter("batch_goals_total", "Goals in accepted batches.")
        # Clients.
        self.authentications = counter("authentications_total", "Requests with a right signature, by the key that made it.", "key")
        self.authentication_failures = counter(
            "authentication_failures_total", "Requests refused for their signature, by reason.", "reason"
        )
        self.rate_limited = counter("rate_limited_total", "Requests over their client's quota.")
        # The process.
        self.shared_state = gauge("shared_state", "1 for the place where shared state lives now, else 0.", "state")
        self.redis_failures = counter("redis_failures_total", "Operations done without Redis because it failed, by operation.", "operation")
        self.reloads = counter("configuration_reloads_total", "Times that the configuration was read again, by outcome.", "outcome")
        self.performance_write_failures = counter("performance_write_failures_total", "Times that performance.json could not be written.")
        self.canary_seconds = histogram("canary_duration_seconds", "What a canary took, from its text to the kernel's word.", "canary")
        self.canary_failures = counter("canary_failures_total", "Canaries that failed, by the step that did.", "step")
