"""``pxl ops monitor``: the indicators again and again, live in a terminal, as the manual's lines elsewhere."""
