"""What every command's help ends with: commands to copy."""


def examples(*lines: str) -> str:
    """An epilog with these commands; a line that begins with ``#`` is about the next."""
    return "[bold]Examples[/bold]\n" + "\n".join(f"  [dim]{line}[/dim]" if line.startswith("#") else f"  {line}" for line in lines)
