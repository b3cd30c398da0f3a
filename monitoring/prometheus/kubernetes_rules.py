"""The rules as an object for the Prometheus operator: prints a PrometheusRule with all groups of ``rules/``.

python monitoring/prometheus/kubernetes_rules.py | kubectl apply -f -
"""

import json
import sys
from pathlib import Path
from typing import Any

import yaml

RULES = Path(__file__).parent / "rules"


def prometheus_rule() -> dict[str, Any]:
    """Groups as they stand in the files, in the order of the files' names."""
    groups = [group for file in sorted(RULES.glob("*.yml")) for group in yaml.safe_load(file.read_text())["groups"]]
    labels = {"app.kubernetes.io/name": "pxl-prover", "app.kubernetes.io/part-of": "logos-pxl"}
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "pxl-prover", "labels": labels},
        "spec": {"groups": groups},
    }


if __name__ == "__main__":
    json.dump(prometheus_rule(), sys.stdout, indent=1)  # JSON is YAML
    sys.stdout.write("\n")
