"""What keeps an operator's command from being carried out."""

from logos_pxl.errors import PxlError


class OperationFailed(PxlError):
    """A command could not do what it was to do, or could not tell; the message says what is in the way and what would help."""

    code = "operation-failed"


class ServiceUnreachable(OperationFailed):
    """The service does not answer at its address."""

    code = "service-unreachable"


class TargetFailed(OperationFailed):
    """The target (supervisor, docker-compose, kubectl) refused a command, is missing, or took too long."""

    code = "target-failed"
