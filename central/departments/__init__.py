"""The departments behind the live channel: their port, the line to one of them, and simulated ones."""
