"""``pxl ops start``, ``stop``, ``restart``, ``reload``, ``set`` and ``logs``, by the commands of the target."""

import contextlib
import subprocess
from collections.abc import Callable, Mapping
from functools import partial
from operator import methodcaller

from logos_pxl.errors import PxlError
from logos_pxl.ops.lenient_settings import lenient_settings
from logos_pxl.ops.programs import find_program
from logos_pxl.ops.report import Report, Status
from logos_pxl.ops.running import Operator, print_error
from logos_pxl.ops.steps import StepFailed, Steps, wait_until_ready

_ADVICE = "pxl ops diagnose"


_DONE = {"start": "service started", "stop": "service stopped", "restart": "service restarted", "reload": "SIGHUP sent"}


def control(name: str, operator: Operator, steps: Steps) -> Report:
    """Start, stop, restart or reload the service; after a start or a restart wait until it is ready."""
    work = partial(methodcaller(name), operator.target)
    return _procedure(name, operator, steps, {_DONE[name]: work}, ready=name in ("start", "restart"))


def set_variables(operator: Operator, variables: Mapping[str, str], steps: Steps) -> Report:
    """Set variables for the next start, restart the service, and wait until it is ready."""
    work = {f"{name}={value} set": partial(operator.target.set_variable, name, value) for name, value in variables.items()}
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
