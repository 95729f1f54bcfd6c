"""The bench: drives simulated devices and a faulty network by hand. Never in production."""
