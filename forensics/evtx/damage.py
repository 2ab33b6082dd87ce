"""What is raised inside this package where bytes are not what the format allows."""


class DamagedError(ValueError):
    """A record, a template or a chunk cannot be trusted; the message says why."""
