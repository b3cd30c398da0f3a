"""Where the service runs, and the commands that control it there: systemd, supervisord, docker-compose or Kubernetes."""

from logos_pxl.ops.targets.base import Standing, Target
from logos_pxl.ops.targets.compose import ComposeTarget
from logos_pxl.ops.targets.kubernetes import KubernetesTarget
from logos_pxl.ops.targets.local import SupervisordTarget, SystemdTarget
from logos_pxl.settings import Settings

__all__ = ["ComposeTarget", "KubernetesTarget", "Standing", "SupervisordTarget", "SystemdTarget", "Target", "target_of"]

_TARGETS: dict[str, type[Target]] = {kind.name: kind for kind in (SystemdTarget, SupervisordTarget, ComposeTarget, KubernetesTarget)}


def target_of(settings: Settings) -> Target:
    """The target that ``PXL_OPS_TARGET`` names."""
    return _TARGETS[settings.ops_target](settings)
