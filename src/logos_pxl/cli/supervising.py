"""``pxl up``, ``down``, ``restart``, ``reload``, ``status``, ``logs``."""

import json
import sys
from collections.abc import Callable
from enum import StrEnum

import typer

from logos_pxl.cli.failing import tell
from logos_pxl.errors import PxlError
from logos_pxl.logs.names import ACCESS_LOG, SERVER_LOG
from logos_pxl.ops.lenient_settings import lenient_settings
from logos_pxl.ops.log_files import last_lines
from logos_pxl.ops.report import Status
from logos_pxl.ops.supervisor.control import Control
from logos_pxl.ops.supervisor.following import Follower, write_following
from logos_pxl.ops.supervisor.overview import overview
from logos_pxl.ops.supervisor.places import Places
from logos_pxl.settings import Settings

_FAILED = 2


class Log(StrEnum):
    """Which log."""

    SERVER = "server"
    ACCESS = "access"
    SUPERVISOR = "supervisor"
    OUTPUT = "output"


def control(order: Callable[[Control], str], *, with_any_settings: bool = False) -> int:
    """Carry out an order, and print what came of it; status 2 when it failed. ``with_any_settings``: also when some are wrong."""
    try:
        typer.echo(order(Control(_settings() if with_any_settings else Settings.load())))
    except (PxlError, OSError) as error:
        tell(error)
        return _FAILED
    return 0


def _settings() -> Settings:
    settings, wrong = lenient_settings()
    if wrong is not None:
        typer.echo(f"pxl: the configuration is wrong, and the service would not start with it: {wrong}", err=True)
    return settings


def print_overview(*, as_json: bool) -> Status:
    """How supervisor and service stand."""
    try:
        found = overview(Places.of(_settings()))
    except (PxlError, OSError) as error:
        tell(error)
        return Status.UNKNOWN
    if as_json:
        sys.stdout.write(json.dumps(found.as_json(), indent=1) + "\n")
    else:
        for line in found.lines():
            typer.echo(line)
    return found.status


def print_log(which: Log, *, lines: int, follow: bool) -> int:
    """The last lines of a log, and what is added to it."""
    try:
        settings = _settings()
        places = Places.of(settings)
        path = {
            Log.SERVER: settings.log_dir / SERVER_LOG,
            Log.ACCESS: settings.log_dir / ACCESS_LOG,
            Log.SUPERVISOR: places.log,
            Log.OUTPUT: places.output,
        }[which]
        if not follow and not path.exists():
            typer.echo(f"pxl: there is no {path} yet", err=True)
            return _FAILED
        follower = Follower(path) if follow else None
        for line in last_lines(path, lines):
            typer.echo(line)
        if follower is not None:
            write_following(follower)
    except (PxlError, OSError) as error:
        tell(error)
        return _FAILED
    return 0
