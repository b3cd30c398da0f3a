"""Whether the service in this container is ready: exit status 0, or 1 and why."""

import os
import sys
import urllib.error
import urllib.request

_TIMEOUT_S = 4


def main() -> int:
    """Ask ``/health/ready``."""
    url = f"http://127.0.0.1:{os.environ.get('PXL_SERVER_PORT') or 8088}/health/ready"
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_S):
            return 0
    except urllib.error.HTTPError as error:
        print(f"not ready: {error.read(2000).decode(errors='replace')}")  # noqa: T201 - shown by docker inspect
    except OSError as error:
        print(f"{url} does not answer: {error}")  # noqa: T201
    return 1


if __name__ == "__main__":
    sys.exit(main())
