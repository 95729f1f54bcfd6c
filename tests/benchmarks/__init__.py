"""How fast and how small: ratios against a reference of the same run. Reports, never asserts."""
