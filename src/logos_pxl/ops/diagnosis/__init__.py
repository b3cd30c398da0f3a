"""``pxl ops diagnose``: facts are gathered (``facts.py``), rules say what they mean (``service_rules.py``, ``machine_rules.py``).

Invariant: gathering never fails and is bounded in time; rules look at facts alone, so that each can be shown its case.
"""
