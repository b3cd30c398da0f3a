"""The command line. Its modules import the engine and the sessions only when a command needs them, so that help is quick."""


def main() -> None:
    """Run the program ``pxl``."""
    import os  # noqa: PLC0415 - see above

    from logos_pxl.cli.app import app  # noqa: PLC0415

    if "_PXL_COMPLETE" in os.environ:
        # Typer does this for programs with its own --install-completion, in whose place there is 'pxl completion'.
        from typer._completion_classes import completion_init  # noqa: PLC0415

        completion_init()
    app()
