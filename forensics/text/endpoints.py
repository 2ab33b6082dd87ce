"""An address and a port as people write them."""


def endpoint(address: str, port: int | None) -> str:
    """An address and port, IPv6 in brackets.

    >>> endpoint("fe80::1", 443), endpoint("203.0.113.40", 443), endpoint("::1", None)
    ('[fe80::1]:443', '203.0.113.40:443', '[::1]')
    """
    host = f"[{address}]" if ":" in address and not address.startswith("[") else address
    return host if port is None else f"{host}:{port}"
