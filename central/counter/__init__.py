"""The counter: cases filed on paper at a window, taken in by a clerk, with the same codes, states and rules."""
