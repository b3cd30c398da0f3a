"""What this machine lacks for deciding goals, and how to get it.

Invariant: every check ends, within its bound, in a ``Finding``; what one check needs from another is asked for, never assumed. Nothing is
changed: no file is written, no port is kept, no setting is set.
"""

from logos_pxl.doctor.examination import examine
from logos_pxl.doctor.findings import Finding, State

__all__ = ["Finding", "State", "examine"]
