"""The service as a Deployment in Kubernetes."""

import json
import math
from typing import Any

from logos_pxl.ops.errors import TargetFailed
from logos_pxl.ops.targets.base import QUICK_S, Standing, Target, require_valid, run_program
from logos_pxl.settings import Settings

_ROLLOUT_S = 300.0
_STOP_MARGIN_S = 30
_REPLICAS = "pxl.replicas-before-stop"


class KubernetesTarget(Target):
    """The Deployment ``PXL_OPS_SERVICE``, in kubectl's current context."""

    name = "kubernetes"
    here = False

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._stop_s = math.ceil(settings.shutdown_timeout_s) + _STOP_MARGIN_S
        self._deployment = f"deployment/{self.replicas[0].name}"
        self._namespace = ["--namespace", settings.ops_namespace] if settings.ops_namespace else []

    @property
    def restart_command(self) -> str:
        """``rollout restart``."""
        return f"kubectl rollout restart {self._deployment}"

    def start(self) -> None:
        """As many replicas as there were before ``stop`` (kept in an annotation), one when that is not known."""
        document = self._document()
        kept = document["metadata"].get("annotations", {}).get(_REPLICAS, "1")
        if not document["spec"].get("replicas"):
            self._kubectl("scale", self._deployment, f"--replicas={kept}")
        self._wait()

    def stop(self) -> None:
        """No replica until ``start``; returns when the last pod is gone."""
        replicas = self._document()["spec"].get("replicas") or 1
        self._kubectl("annotate", "--overwrite", self._deployment, f"{_REPLICAS}={replicas}")
        self._kubectl("scale", self._deployment, "--replicas=0")
        gone = ("--for=delete", f"--timeout={self._stop_s:g}s")
        self._kubectl("wait", "pod", f"--selector={self._selector()}", *gone, timeout_s=self._stop_s + QUICK_S)

    def restart(self) -> None:
        """A rolling restart; returns when the new pods are ready."""
        self._kubectl("rollout", "restart", self._deployment)
        self._wait()

    def restart_replica(self, _: str, /) -> None:
        """The rolling restart of the Deployment: pods have no names of their own."""
        self.restart()

    def reload(self) -> None:
        """A rolling restart: the environment of a pod is fixed at its start."""
        self.restart()

    def set_variable(self, name: str, value: str) -> None:
        """``set env``, which begins a rolling restart by itself; a later ``restart`` does no harm."""
        require_valid(name, value)
        self._kubectl("set", "env", self._deployment, f"{name}={value}")

    def standing(self) -> Standing:
        """The ready replicas of the Deployment, in kubectl's words."""
        ready = self._document().get("status", {}).get("readyReplicas", 0)
        return Standing(bool(ready), tuple(self._kubectl("get", self._deployment, "-o", "wide").splitlines()))

    def log_command(self, count: int, *, follow: bool) -> list[str]:
        """``logs`` of all pods, each line with the name of its pod."""
        options = ["--prefix", f"--tail={count}", *(["--follow"] if follow else [])]
        return ["kubectl", *self._namespace, "logs", f"--selector={self._selector()}", *options]

    def _selector(self) -> str:
        labels = self._document()["spec"].get("selector", {}).get("matchLabels", {})
        if not labels:
            raise TargetFailed(f"{self._deployment} selects its pods by no labels: give its spec.selector.matchLabels")
        return ",".join(f"{name}={value}" for name, value in sorted(labels.items()))

    def _document(self) -> dict[str, Any]:
        said = self._kubectl("get", self._deployment, "-o", "json")
        try:
            return dict(json.loads(said))
        except ValueError as error:
            raise TargetFailed(f"kubectl get {self._deployment} -o json: the answer is no JSON object: {said[:200]!r}") from error

    def _wait(self) -> None:
        self._kubectl("rollout", "status", self._deployment, f"--timeout={_ROLLOUT_S:g}s", timeout_s=_ROLLOUT_S + QUICK_S)

    def _kubectl(self, *arguments: str, timeout_s: float = QUICK_S) -> str:
        return run_program(["kubectl", *self._namespace, *arguments], timeout_s=timeout_s)
