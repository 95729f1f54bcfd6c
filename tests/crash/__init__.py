"""Terminals that die at any moment, and who is right about what they had promised."""
