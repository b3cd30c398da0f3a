"""Rules on made-up series: what promtool's unit tests need, written short."""

import json
import subprocess
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from e2e.running import ROOT

MONITORING = ROOT / "monitoring"
FOLDER = MONITORING / "prometheus" / "rules"
RULES = sorted(FOLDER.glob("*.yml"))

Samples = Sequence[float | None]
"""One for each interval; ``None`` is a scrape that found nothing."""


@dataclass(frozen=True)
class Expectation:
    """What a query answers at a time: label sets with their values."""

    at_s: int
    query: str
    answer: Sequence[tuple[Mapping[str, str], float]]


def rules(*, alerts: bool) -> list[dict[str, Any]]:
    """All alerting rules, or all recording rules, of all files."""
    kind = "alert" if alerts else "record"
    documents = [yaml.safe_load(file.read_text()) for file in RULES]
    return [rule for document in documents for group in document["groups"] for rule in group["rules"] if kind in rule]


ALERTS = rules(alerts=True)


def seconds(duration: str) -> int:
    """The length of ``15m``."""
    return int(duration[:-1]) * {"s": 1, "m": 60, "h": 3600, "d": 86_400}[duration[-1]]


def firing(alert: str, **labels: str) -> str:
    """The query for an alert that fires."""
    chosen = {"alertname": alert, "alertstate": "firing", **labels}
    return "ALERTS{" + ",".join(f'{name}="{value}"' for name, value in chosen.items()) + "}"


def fired(rule: Mapping[str, Any], labels: Mapping[str, str]) -> list[tuple[dict[str, str], float]]:
    """The answer when it does: the labels of its series, and those of its rule."""
    return [({"__name__": "ALERTS", "alertname": rule["alert"], "alertstate": "firing", **labels, **rule["labels"]}, 1.0)]


def check(
    folder: Path,
    alerts: Collection[str],
    series: Mapping[str, Samples],
    expectations: Iterable[Expectation],
    *,
    interval_s: int = 15,
    also: str = "",
) -> None:
    """Fail with what promtool says unless every expectation holds.

    Of the alerting rules only those named in ``alerts`` are evaluated, and those of the file ``also``: all of them would take a minute.
    """
    chosen = folder / "chosen.yml"
    chosen.write_text(json.dumps({"groups": [{"name": "chosen", "rules": [rule for rule in ALERTS if rule["alert"] in alerts]}]}))
    files = [FOLDER / "recording.yml", chosen, *([FOLDER / also] if also else [])]
    document = {
        "rule_files": [str(file) for file in files],
        "evaluation_interval": f"{interval_s}s",
        "tests": [
            {
                "interval": f"{interval_s}s",
                "input_series": [{"series": name, "values": " ".join(map(_value, samples))} for name, samples in series.items()],
                "promql_expr_test": [_expression(expectation) for expectation in expectations],
            }
        ],
    }
    file = folder / "rules.test.yml"
    file.write_text(json.dumps(document))  # JSON is YAML
    tested = subprocess.run(["promtool", "test", "rules", str(file)], capture_output=True, text=True, check=False, timeout=120)
    assert tested.returncode == 0, tested.stdout + tested.stderr


def _value(sample: float | None) -> str:
    return "_" if sample is None else f"{sample:.10g}"


def _expression(expectation: Expectation) -> dict[str, Any]:
    samples = [{"labels": _labels(labels), "value": value} for labels, value in expectation.answer]
    return {"expr": expectation.query, "eval_time": f"{expectation.at_s}s", "exp_samples": samples}


def _labels(labels: Mapping[str, str]) -> str:
    named = dict(labels)
    name = named.pop("__name__", "")
    return name + "{" + ",".join(f"{key}={json.dumps(value)}" for key, value in named.items()) + "}"
