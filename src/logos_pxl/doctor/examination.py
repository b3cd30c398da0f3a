"""All checks, in an order in which each failure explains those after it."""

import asyncio
from collections.abc import Iterator

from logos_pxl.doctor.findings import Finding, missing
from logos_pxl.doctor.kernel import confinement, coq, decision, kernel_files_found, plugin
from logos_pxl.doctor.machine import clock, environment_file, folders, port, redis
from logos_pxl.doctor.parts import engine, extras, python
from logos_pxl.doctor.service import service
from logos_pxl.errors import PxlError
from logos_pxl.settings.configuration import Configuration


def examine(url: str | None = None) -> Iterator[Finding]:
    """Each finding as it is made. ``url``: a service to look at too, instead of the one that ``PXL_URL`` names."""
    yield python()
    built = engine()
    yield built
    yield extras()
    try:
        configuration = Configuration.load()
    except PxlError as error:
        yield missing("settings", str(error), "correct the named variables; docs/configuration.md has all of them")
        return
    yield environment_file(configuration)
    settings = configuration.settings
    yield coq(settings)
    yield kernel_files_found(settings)
    yield confinement(built)
    yield plugin(settings, built)
    yield decision(built)
    yield folders(settings)
    yield port(settings)
    yield redis(settings)
    yield clock()
    address = settings.url if url is None else url
    if address:
        yield asyncio.run(service(address, settings))
