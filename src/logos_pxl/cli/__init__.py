"""The command line. Its modules import the engine and the sessions only when a command needs them, so that help is quick."""


def main() -> None:
    """Run the program ``pxl``."""
    from logos_pxl.cli.app import app  # noqa: PLC0415 - see above

    app()
