"""Where the service runs, and how it is started, stopped, restarted, configured and read there."""

from logos_pxl.ops.targets.compose import ComposeTarget
from logos_pxl.ops.targets.interface import Standing, Target
from logos_pxl.ops.targets.kubernetes import KubernetesTarget
from logos_pxl.ops.targets.local import LocalTarget
from logos_pxl.settings import Settings

__all__ = ["ComposeTarget", "KubernetesTarget", "LocalTarget", "Standing", "Target", "target_of"]


def target_of(settings: Settings) -> Target:
    """The target that ``PXL_OPS_TARGET`` names."""
    match settings.ops_target:
        case "compose":
            return ComposeTarget(settings)
        case "kubernetes":
            return KubernetesTarget(settings)
    return LocalTarget(settings)
