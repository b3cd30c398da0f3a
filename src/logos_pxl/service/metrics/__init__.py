"""The service's metrics. docs/metrics.md defines each of them."""

from logos_pxl.service.metrics.metrics import Metrics

__all__ = ["Metrics"]
