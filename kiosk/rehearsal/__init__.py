"""A scripted visit through the real journey, drivers and queue, against simulated hardware."""
