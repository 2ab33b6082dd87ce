"""A bundle's members: listed, decoded, told apart."""
