"""Where a supervisor keeps what it must know, and what it tells."""

from dataclasses import dataclass
from pathlib import Path

from logos_pxl.settings import Settings


@dataclass(frozen=True, slots=True)
class Places:
    """The folder ``supervisor`` in ``PXL_DATA_DIR``. Its path is what tells one supervisor from another."""

    folder: Path

    @classmethod
    def of(cls, settings: Settings) -> "Places":
        """Those of the settings; the path is absolute, and nothing is made."""
        return cls((settings.data_dir / "supervisor").resolve())

    @property
    def lock(self) -> Path:
        """Locked by the supervisor for as long as it lives."""
        return self.folder / "supervisor.pid"

    @property
    def state(self) -> Path:
        """What the supervisor knows (``state.py``)."""
        return self.folder / "state.json"

    @property
    def log(self) -> Path:
        """What the supervisor did."""
        return self.folder / "supervisor.log"

    @property
    def output(self) -> Path:
        """What the service wrote on standard output and error: only what did not get into its log."""
        return self.folder / "service.out"
