"""``pxl ops incident new|note|close``: a report of an incident, in the manual's form, written while it happens."""
