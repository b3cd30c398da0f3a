"""The operators' dashboard as code: prints its JSON.

python monitoring/grafana/operators.py > monitoring/grafana/dashboards/operators.json
"""

import json
import sys
from typing import Any

from panels import DATASOURCE, HERE, Rows, above, below, graph, heatmap, of, placed, quantile, rate, stat

STAGES = ("parse", "cache", "queue", "search", "kernel", "store", "total")
ANY_IS_BAD = (("green", None), ("red", 1))

RATIO, LATENCY, HITS, POOL, MEMORY = below(94, 90), above(300, 500), below(85, 70), above(0.8, 0.9), above(80, 95)
"""The operations manual's targets and critical thresholds."""

UTILIZATION = f"{of('logos_pxl_session_pool_busy')} / {of('logos_pxl_session_pool_total')}"
BUDGET = "job_slo:logos_pxl_error_budget:remaining30d"

ROWS: Rows = (
    (
        "Now",
        (
            stat("Replicas ready", f"sum({of('logos_pxl_ready')})", steps=(("red", None), ("green", 1))),
            stat("Alerts firing", 'count(ALERTS{alertstate="firing", alertname!="Watchdog"}) or vector(0)', steps=ANY_IS_BAD),
            stat(
                "Soundness alarms", f"sum({of('logos_pxl_soundness_alarms_total')})", steps=ANY_IS_BAD, about="Search and kernel disagreed."
            ),
            stat(
                "Verification ratio",
                f"min({of('logos_pxl_verification_ratio_percent')})",
                unit="percent",
                steps=RATIO,
                about="Target 94 %.",
            ),
            stat("P95 latency", f"max({of('logos_pxl_p95_latency_ms')})", unit="ms", steps=LATENCY, about="Target below 300 ms."),
            stat("Cache hit rate", f"min({of('logos_pxl_cache_hit_rate_percent')})", unit="percent", steps=HITS, about="Target 85 %."),
            stat("Session pool", f"max({UTILIZATION})", unit="percentunit", steps=POOL, about="Busy sessions. Target below 80 %."),
            stat("Memory", f"max({of('logos_pxl_memory_usage_percent')})", unit="percent", steps=MEMORY, about="Target below 80 %."),
            stat("Uptime, 30 days", "job:logos_pxl_available:avg30d", unit="percentunit", steps=below(0.999, 0.99), about="Target 99.9 %."),
            stat("Budget left: goals", BUDGET + '{slo="goals"}', unit="percentunit", steps=below(0.5, 0), about="Of 0.1 % in 30 days."),
            stat(
                "Budget left: uptime", BUDGET + '{slo="uptime"}', unit="percentunit", steps=below(0.5, 0), about="Of 43 minutes in 30 days."
            ),
            stat("Goals a second", rate("logos_pxl_verdicts_total")),
            stat("Signatures demanded", f"min({of('logos_pxl_authentication_required')})", steps=(("orange", None), ("green", 1))),
            stat("Kernels running", f"count(count by (kernel_hash) ({of('logos_pxl_build_info')}))", steps=(("green", None), ("red", 2))),
            stat(
                "Clock skew",
                f"max(abs({of('logos_pxl_time_seconds')} - timestamp({of('logos_pxl_time_seconds')})))",
                unit="s",
                steps=above(10, 60),
            ),
            stat("Youngest start", f"min({of('logos_pxl_uptime_seconds')})", unit="s"),
        ),
    ),
    (
        "Indicators against their targets",
        (
            graph("Verification ratio", (of("logos_pxl_verification_ratio_percent"), "{{instance}}"), unit="percent", steps=RATIO),
            graph("P95 latency", (of("logos_pxl_p95_latency_ms"), "{{instance}}"), unit="ms", steps=LATENCY),
            graph("Cache hit rate", (of("logos_pxl_cache_hit_rate_percent"), "{{instance}}"), unit="percent", steps=HITS),
            graph("Session pool utilization", (UTILIZATION, "{{instance}}"), unit="percentunit", steps=POOL),
            graph("Memory usage", (of("logos_pxl_memory_usage_percent"), "{{instance}}"), unit="percent", steps=MEMORY),
            graph(
                "Goals in the indicators' window", (of("logos_pxl_window_goals"), "{{instance}}"), about="Few goals make jumpy indicators."
            ),
        ),
    ),
    (
        "Verdicts and answers",
        (
            graph("Verdicts by kind", (rate("logos_pxl_verdicts_total", "verdict"), "{{verdict}}"), unit="ops"),
            graph("Unknown verdicts by reason", (rate("logos_pxl_unknown_verdicts_total", "reason"), "{{reason}}"), unit="ops"),
            graph("Refusals by reason", (rate("logos_pxl_rejections_total", "reason"), "{{reason}}"), unit="ops"),
            graph("Answers by status", (rate("logos_pxl_http_requests_total", "status"), "{{status}}"), unit="reqps"),
            graph("Requests by endpoint", (rate("logos_pxl_http_requests_total", "endpoint"), "{{endpoint}}"), unit="reqps"),
            graph("Goals whose client went away", (rate("logos_pxl_abandoned_goals_total", "instance"), "{{instance}}"), unit="ops"),
        ),
    ),
    (
        "Latency",
        (
            graph(
                "From a goal to its verdict",
                *((quantile(share, only='stage="total"'), f"p{share * 100:g}") for share in (0.5, 0.95, 0.99)),
                unit="s",
            ),
            graph("95th percentile by stage", (quantile(0.95, "stage"), "{{stage}}"), unit="s"),
            graph(
                "Share of each stage",
                (rate("logos_pxl_stage_duration_seconds_sum", "stage", 'stage!="total"'), "{{stage}}"),
                unit="s",
                about="Seconds of work in each second.",
            ),
            heatmap(
                "Durations of the stage $stage",
                f'sum by (le) (increase(logos_pxl_stage_duration_seconds_bucket{{{HERE}, stage="$stage"}}[$__rate_interval]))',
                repeat="stage",
            ),
        ),
    ),
    (
        "Sessions",
        (
            graph(
                "Session pool",
                *((f"sum({of(f'logos_pxl_session_pool_{state}')})", state) for state in ("max", "total", "active", "busy", "spares")),
            ),
            graph("Replacements by cause", (rate("logos_pxl_session_replacements_total", "cause"), "{{cause}}"), unit="ops"),
            graph(
                "Starts and failed starts",
                (rate("logos_pxl_session_starts_total"), "started"),
                (rate("logos_pxl_session_start_failures_total"), "failed"),
                unit="ops",
            ),
            graph(
                "Memory of sessions",
                (of("logos_pxl_sessions_memory_resident_bytes"), "all, {{instance}}"),
                (of("logos_pxl_session_memory_resident_max_bytes"), "largest, {{instance}}"),
                unit="bytes",
            ),
            graph("Age of the canaries", (of("logos_pxl_canary_age_seconds"), "{{canary}}, {{instance}}"), unit="s", steps=above(60, 60)),
            graph("Failed canaries by step", (rate("logos_pxl_canary_failures_total", "step"), "{{step}}"), unit="ops"),
        ),
    ),
    (
        "Queues, jobs, batches",
        (
            graph(
                "Goals in work", (of("logos_pxl_goals_in_work"), "{{instance}}"), (of("logos_pxl_goals_in_work_max"), "room, {{instance}}")
            ),
            graph(
                "Waiting",
                (of("logos_pxl_search_queue_length"), "for a search thread, {{instance}}"),
                (of("logos_pxl_kernel_queue_length"), "for a session, {{instance}}"),
            ),
            graph(
                "Searches running, requests in flight",
                (of("logos_pxl_searches_running"), "searches, {{instance}}"),
                (of("logos_pxl_http_requests_in_flight"), "requests, {{instance}}"),
            ),
            graph("Jobs held", (f"sum by (state) ({of('logos_pxl_jobs_held')})", "{{state}}")),
            graph("Jobs by event", (rate("logos_pxl_jobs_total", "event"), "{{event}}"), unit="ops"),
            graph(
                "Goals in batches", (rate("logos_pxl_batch_goals_total"), "goals"), (rate("logos_pxl_batches_total"), "batches"), unit="ops"
            ),
        ),
    ),
    (
        "Cache, certificates, shared state",
        (
            graph(
                "Look-ups",
                (rate("logos_pxl_cache_hits_total"), "hits"),
                (rate("logos_pxl_cache_misses_total"), "misses"),
                (rate("logos_pxl_cache_prefetch_hits_total"), "of hits: equivalent"),
                (rate("logos_pxl_cache_joined_total"), "of hits: joined"),
                unit="ops",
            ),
            graph("Cache entries", (of("logos_pxl_cache_size"), "{{instance}}")),
            graph("Evictions by cause", (rate("logos_pxl_cache_evictions_total", "cause"), "{{cause}}"), unit="ops"),
            graph(
                "Certificates kept",
                (of("logos_pxl_certificates_held"), "{{instance}}"),
                (of("logos_pxl_certificates_held_max"), "room, {{instance}}"),
            ),
            graph(
                "Certificate failures, lost log lines",
                (rate("logos_pxl_certificate_failures_total", "step"), "certificates: {{step}}"),
                (rate("logos_pxl_log_lines_lost_total", "file"), "lines: {{file}}"),
                unit="ops",
            ),
            graph(
                "Shared state",
                (f"sum by (state) ({of('logos_pxl_shared_state')})", "{{state}}"),
                about="Replicas by where their shared state lives.",
            ),
        ),
    ),
    (
        "Clients",
        (
            graph("Right signatures by key", (rate("logos_pxl_authentications_total", "key"), "{{key}}"), unit="ops"),
            graph("Refused signatures by reason", (rate("logos_pxl_authentication_failures_total", "reason"), "{{reason}}"), unit="ops"),
            graph("Requests over their quota", (rate("logos_pxl_rate_limited_total", "instance"), "{{instance}}"), unit="ops"),
        ),
    ),
    (
        "Objectives",
        (
            graph(
                "Burn rate, goals",
                *((f'job_slo:logos_pxl_errors:ratio_rate{window}{{slo="goals"}} / 0.001', window) for window in ("1h", "6h", "1d", "3d")),
                steps=above(6, 14.4),
            ),
            graph(
                "Burn rate, uptime",
                *((f'job_slo:logos_pxl_errors:ratio_rate{window}{{slo="uptime"}} / 0.001', window) for window in ("1h", "6h", "1d", "3d")),
                steps=above(6, 14.4),
            ),
            graph("Error budget left of 30 days", (BUDGET, "{{slo}}"), unit="percentunit", steps=below(0.5, 0)),
        ),
    ),
    (
        "Processes",
        (
            graph(
                "Processor",
                (f'rate(process_cpu_seconds_total{{job="logos-pxl", {HERE}}}[$__rate_interval])', "{{instance}}"),
                unit="percentunit",
                about="Of the services, without their sessions.",
            ),
            graph(
                "Memory",
                (f'process_resident_memory_bytes{{job="logos-pxl", {HERE}}}', "{{instance}}"),
                unit="bytes",
                about="Of the services, without their sessions.",
            ),
            graph("File descriptors", (f'process_open_fds{{job="logos-pxl", {HERE}}}', "{{instance}}")),
        ),
    ),
)


def variables() -> list[dict[str, Any]]:
    """What is chosen at the dashboard's head."""
    everything = {"selected": True, "text": ["All"], "value": ["$__all"]}
    chosen = {
        "type": "query",
        "name": "instance",
        "label": "Replica",
        "datasource": DATASOURCE,
        "refresh": 2,
        "multi": True,
        "includeAll": True,
    }
    return [
        {
            "type": "datasource",
            "name": "datasource",
            "label": "Data source",
            "query": "prometheus",
            "current": {"text": "Prometheus", "value": "prometheus"},
        },
        {
            **chosen,
            "allValue": ".+",
            "current": everything,
            "query": {
                "qryType": 1,
                "query": "label_values(logos_pxl_ready, instance)",
                "refId": "PrometheusVariableQueryEditor-VariableQuery",
            },
        },
        {"type": "custom", "name": "stage", "hide": 2, "multi": True, "includeAll": True, "current": everything, "query": ",".join(STAGES)},
    ]


def dashboard() -> dict[str, Any]:
    """The whole."""
    firing = {"name": "Alerts", "enable": True, "iconColor": "red", "datasource": DATASOURCE}
    alerts = {**firing, "expr": 'ALERTS{alertstate="firing", alertname!="Watchdog"}', "titleFormat": "{{alertname}}", "step": "60s"}
    return {
        "uid": "pxl-operators",
        "title": "PXL: operators",
        "tags": ["pxl"],
        "schemaVersion": 39,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "utc",
        "templating": {"list": variables()},
        "annotations": {"list": [alerts]},
        "panels": list(placed(ROWS)),
    }


if __name__ == "__main__":
    json.dump(dashboard(), sys.stdout, indent=1)
    sys.stdout.write("\n")
