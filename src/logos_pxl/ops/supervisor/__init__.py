"""The service on one machine without containers: started, watched, started again when it dies, replaced without losing requests.

``daemon.py`` is the supervising process; ``control.py`` is what ``pxl up|down|restart|reload|status`` do to it from outside. Both meet in
one folder (``places.py``): a lock, whose holder the kernel names, and the supervisor's state. Orders are signals. See
docs/decisions/supervisor.md.

Invariant: one folder has at most one supervisor, and whatever service carries the folder's mark is either its service or about to end.
"""
