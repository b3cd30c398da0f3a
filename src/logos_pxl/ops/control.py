"""``pxl ops start``, ``stop``, ``restart``, ``reload``, ``set`` and ``logs``, by the commands of the target."""

import contextlib
import subprocess
from collections.abc import Callable, Mapping

from logos_pxl.errors import PxlError
from logos_pxl.ops.lenient_settings import lenient_settings
from logos_pxl.ops.programs import find_program
from logos_pxl.ops.report import Report, Status
from logos_pxl.ops.running import Operator, print_error
from logos_pxl.ops.steps import StepFailed, Steps, wait_until_ready

_ADVICE = "pxl ops diagnose"


def start(operator: Operator, steps: Steps) -> Report:
    """Start the service, and wait until it is ready."""
    return _procedure("start", operator, steps, {"service started": operator.target.start}, ready=True)


def stop(operator: Operator, steps: Steps) -> Report:
    """Stop the service; requests in flight end first."""
    return _procedure("stop", operator, steps, {"service stopped": operator.target.stop}, ready=False)


def restart(operator: Operator, steps: Steps) -> Report:
    """Restart the service with the settings as they are now, replicas one after the other; wait until it is ready."""
    return _procedure("restart", operator, steps, {"service restarted": operator.target.restart}, ready=True)


def reload(operator: Operator, steps: Steps) -> Report:
    """Have the service read keys, log level and quotas again."""
    return _procedure("reload", operator, steps, {"SIGHUP sent": operator.target.reload}, ready=False)


def set_variables(operator: Operator, variables: Mapping[str, str], steps: Steps) -> Report:
    """Set variables for the next start, restart the service, and wait until it is ready."""

    def setting(name: str, value: str) -> Callable[[], None]:
        return lambda: operator.target.set_variable(name, value)

    work = {f"{name}={value} set": setting(name, value) for name, value in variables.items()}
    return _procedure("set", operator, steps, {**work, "service restarted": operator.target.restart}, ready=True)


def print_log(*, count: int, follow: bool) -> int:
    """Print the end of the service's log, and go on with new lines when it is followed. Returns the exit status."""
    try:
        settings, _ = lenient_settings()
        program, *arguments = Operator.of(settings).target.log_command(count, follow=follow)
        with contextlib.suppress(KeyboardInterrupt):
            return subprocess.run([find_program(program), *arguments], check=False).returncode and Status.UNKNOWN
    except (PxlError, OSError) as error:
        print_error("logs", error)
        return Status.UNKNOWN
    return Status.FINE


def _procedure(command: str, operator: Operator, steps: Steps, work: Mapping[str, Callable[[], None]], *, ready: bool) -> Report:
    summary = f"{list(work)[-1]} ({operator.target.name})"
    try:
        for name, step in work.items():
            steps.take(name, step, advice=_ADVICE)
        if ready:
            within_s = operator.settings.start_timeout_s
            steps.take("service ready", lambda: wait_until_ready(operator.service, within_s=within_s), advice=_ADVICE)
            summary += f"; ready at {operator.service.url}"
    except StepFailed as error:
        summary = f"not done: {error}"
    return Report(command, operator.service.url, (steps.section(),), summary)
