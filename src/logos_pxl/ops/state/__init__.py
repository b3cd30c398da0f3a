"""The state of a service in files, for moving it: what it was, and that what runs elsewhere is the same kernel."""
