"""All metrics of one service, in a registry of its own."""

import time

from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector

from logos_pxl.logs.opening import Logs
from logos_pxl.proving.canaries import Canaries
from logos_pxl.runtime import Runtime
from logos_pxl.service.condition import Condition
from logos_pxl.service.metrics.collector import StateCollector
from logos_pxl.service.metrics.endpoints import EndpointStatistics
from logos_pxl.service.metrics.instruments import Instruments
from logos_pxl.service.metrics.kpis import Kpis
from logos_pxl.service.metrics.performance import PerformanceReport
from logos_pxl.service.metrics.recorder import Recorder


class Metrics:
    """Created before the service opens, so that ``recorder`` observes the start. ``window_s`` is the window of the indicators."""

    def __init__(self, *, window_s: float) -> None:
        self.registry = CollectorRegistry()
        self.instruments = Instruments(self.registry)
        self.kpis = Kpis(window_s=window_s)
        self.condition = Condition()
        self.endpoints = EndpointStatistics()
        self.performance = PerformanceReport(self.endpoints)
        self.recorder = Recorder(self.instruments, self.kpis, self.condition)
        self._started = time.monotonic()

    def watch(self, runtime: Runtime, canaries: Canaries, logs: Logs) -> None:
        """Read the state of an open service from now on. Call once."""
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self.registry.register(StateCollector(runtime, canaries, self.kpis, logs, self._started))
