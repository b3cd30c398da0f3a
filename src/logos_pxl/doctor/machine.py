"""Files, folders, the port, Redis and the clock."""

import email.utils
import os
import socket
import time
from pathlib import Path

from logos_pxl.doctor.findings import Finding, attention, fine, missing
from logos_pxl.settings import Settings
from logos_pxl.settings.configuration import Configuration, exposed_secrets
from logos_pxl.settings.declaring import without_password

_PATIENCE_S = 3.0
_FAR_S = 30.0


def environment_file(configuration: Configuration) -> Finding:
    """The settings, and who may read the file that holds keys."""
    exposed = exposed_secrets(configuration)
    if exposed:
        return attention("settings", "; ".join(exposed), "chmod 600 on the named file, and a new key: the old one may have been read")
    if configuration.warnings:
        return attention("settings", "; ".join(configuration.warnings), "correct or remove what is not read")
    keys = "requests must be signed" if configuration.settings.hmac_auth_enabled else "requests need no signature"
    return fine("settings", f"{len(configuration.entries())} variables in force ('pxl config' has them); {keys}")


def folders(settings: Settings) -> Finding:
    """Whether the service could write what it keeps."""
    for variable, folder in (("PXL_DATA_DIR", settings.data_dir), ("PXL_LOG_DIR", settings.log_dir)):
        existing = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
        if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
            return attention(
                "folders", f"{variable}={folder}: {existing} cannot be written", f"'pxl serve' needs it: chown it, or set {variable}"
            )
    return fine("folders", f"{settings.data_dir} and {settings.log_dir} can be written")


def port(settings: Settings) -> Finding:
    """Whether the service could listen."""
    host, number = settings.server_host, settings.server_port
    try:
        family = socket.getaddrinfo(host, number, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, number))
    except OSError as error:
        remedy = f"'ss -ltnp sport = :{number}' tells who listens there; or set PXL_SERVER_PORT"
        return attention("port", f"{host}:{number} cannot be listened on: {error.strerror or error}", remedy)
    return fine("port", f"{host}:{number} is free")


def redis(settings: Settings) -> Finding:
    """Whether the Redis that replicas share can be reached."""
    if settings.redis_url is None:
        return fine("redis", "not used (PXL_REDIS_URL is not set)")
    url = settings.redis_url.get_secret_value()
    try:
        from redis import Redis  # noqa: PLC0415 - an extra
        from redis.exceptions import RedisError  # noqa: PLC0415
    except ImportError:
        return missing("redis", "PXL_REDIS_URL is set, and redis-py is not installed", "pip install 'logos-pxl[redis]'")
    try:
        with Redis.from_url(url, socket_timeout=_PATIENCE_S, socket_connect_timeout=_PATIENCE_S) as connection:
            connection.ping()
    except (RedisError, ValueError) as error:
        remedy = "start it (apt-get install redis-server), or correct PXL_REDIS_URL; the service goes on alone meanwhile"
        return attention("redis", f"it does not answer: {without_password(str(error))}", remedy)
    return fine("redis", "it answers")


def clock() -> Finding:
    """Whether this machine's time is plausible: not before its own files were made."""
    now, newest = time.time(), Path(__file__).stat().st_mtime
    if now < newest - _FAR_S:
        found = f"it is {email.utils.formatdate(now, usegmt=True)}, before this program was installed"
        return attention("clock", found, "set the clock (chrony or systemd-timesyncd): signatures are good for a minute")
    return fine("clock", email.utils.formatdate(now, usegmt=True))
