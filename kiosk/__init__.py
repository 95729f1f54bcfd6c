"""What a service terminal is. No window, no device library, no HTTP client: they come in through ports."""

__version__ = "0.1.0"
