"""Tries every part of a stopped terminal once, as a visit would use it; results as JSON and on paper."""
