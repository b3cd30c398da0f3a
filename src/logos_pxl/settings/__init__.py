"""All settings: ``fields`` declares them, ``sources`` reads them, ``configuration`` says what is in force.

``resolved`` holds the objects that the parts of the service take. This package imports no other part but the form of signature keys.
"""

from logos_pxl.settings.fields import Network, ServiceSettings, Settings
from logos_pxl.settings.resolved import CanarySettings, PoolSettings, SessionSettings, find_coq_dir

__all__ = ["CanarySettings", "Network", "PoolSettings", "ServiceSettings", "SessionSettings", "Settings", "find_coq_dir"]
