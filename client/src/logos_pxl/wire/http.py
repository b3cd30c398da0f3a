"""Header names, media types and limits that both sides know. Needs the standard library only; header names are in lower case."""

from collections.abc import Mapping
from types import MappingProxyType

JSON = "application/json"
PROBLEM = "application/problem+json"
LINES = "application/x-ndjson"
EVENTS = "text/event-stream"
COQ = "text/x-coq"
LATEX = "text/x-tex"

REQUEST_ID = "x-request-id"
PREFER = "prefer"
PREFERENCE_APPLIED = "preference-applied"
RETRY_AFTER = "retry-after"
LAST_EVENT_ID = "last-event-id"

CERTIFICATE_FORMS: Mapping[str, str] = MappingProxyType({"json": JSON, "v": COQ, "tex": LATEX})
"""The forms of a certificate: the suffix of the path (or ``?format=``), and the media type."""

DEFAULT_MAX_REQUEST_BYTES = 1 << 20
"""The longest request body, unless ``MAX_REQUEST_SIZE`` says otherwise."""

DEFAULT_BATCH_GOALS = 1_000
"""The most goals of one batch, unless ``PXL_BATCH_MAX_GOALS`` says otherwise."""
