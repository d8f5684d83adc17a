"""The registry of definitions: what every figure means, with its version; shown where the figure is shown."""


def versions() -> dict[str, int]:
    """The version in force of every definition, by id."""
    return {}
