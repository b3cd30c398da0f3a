"""What replicas share: nonces that were used, quotas that were spent, certificates that were found. Knows nothing of goals or of HTTP."""

from logos_pxl.shared_state.interface import NoncesFull, RateDecision, SharedState
from logos_pxl.shared_state.local import LocalState

__all__ = ["LocalState", "NoncesFull", "RateDecision", "SharedState"]
