"""What replicas share: nonces that were used, quotas that were spent, certificates that were found. Knows nothing of goals or of HTTP."""

from logos_pxl.shared_state.interface import NoncesFull, RateDecision, SharedState
from logos_pxl.shared_state.local import LocalState
from logos_pxl.shared_state.opening import open_shared_state

__all__ = ["LocalState", "NoncesFull", "RateDecision", "SharedState", "open_shared_state"]
