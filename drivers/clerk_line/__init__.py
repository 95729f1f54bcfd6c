"""The agency's private line to a desk where a clerk compares two pictures: only after a consent of its own."""
