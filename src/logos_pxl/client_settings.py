"""The setting of who asks: where the service is that is asked instead of the local engine."""

from pydantic import BaseModel

from logos_pxl.variables import variable


class ClientSettings(BaseModel):
    """What the command line and agents' server read; the service itself does not."""

    url: str | None = variable(
        None,
        "PXL_URL",
        "the address of a service, such as http://127.0.0.1:8088, or nothing: the local engine",
        pattern=r"^https?://[^/\s]+",
    )
