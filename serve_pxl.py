"""Start the PXL server: ``python serve_pxl.py``.

Its tuning is in the environment: PXL_SERVER_HOST and PXL_SERVER_PORT (127.0.0.1, 8088), PXL_POOL_SIZE (5), and

    threads           PXL_THREADS            searches at once (4)
    connection_limit  PXL_CONNECTION_LIMIT   open connections (100)
    channel_timeout   PXL_CHANNEL_TIMEOUT    seconds that a connection may idle (60)

or the options of the same names, which come before it: ``python serve_pxl.py --threads 8 --connection-limit 200 --channel-timeout 120``.
"""

import argparse
import sys


def main() -> int:
    """Serve until SIGTERM; the exit status."""
    parser = argparse.ArgumentParser(description="Start the PXL server. What is not given here comes from the environment.")
    parser.add_argument("--host", dest="server_host", help="the address to listen on (PXL_SERVER_HOST, 127.0.0.1)")
    parser.add_argument("--port", dest="server_port", type=int, help="the port (PXL_SERVER_PORT, 8088)")
    parser.add_argument("--threads", type=int, help="searches at once (PXL_THREADS, 4)")
    parser.add_argument("--connection-limit", type=int, help="open connections (PXL_CONNECTION_LIMIT, 100)")
    parser.add_argument(
        "--channel-timeout", dest="channel_timeout_s", type=float, help="seconds that a connection may idle (PXL_CHANNEL_TIMEOUT, 60)"
    )
    options = parser.parse_args()
    try:
        from logos_pxl.cli.machine import serve_with  # noqa: PLC0415 - to say what to do when it is missing
    except ModuleNotFoundError as error:
        print(f"{error}: run 'make run', or .venv/bin/python serve_pxl.py after 'make build'", file=sys.stderr)  # noqa: T201
        return 2
    return serve_with(vars(options))


if __name__ == "__main__":
    sys.exit(main())
