"""The errors of operators' commands."""

from logos_pxl.errors import PxlError


class OperationFailed(PxlError):
    """A command could not be carried out. The message says what is wrong, and what would help."""

    code = "operation-failed"


class ServiceUnreachable(OperationFailed):
    """The service does not answer at its address."""

    code = "service-unreachable"


class TargetFailed(OperationFailed):
    """The program of the target (systemctl, supervisorctl, docker-compose, kubectl) failed, is missing, or took too long."""

    code = "target-failed"
