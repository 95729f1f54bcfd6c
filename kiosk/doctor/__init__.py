"""What is connected, what is wrong, what to do: in both languages, whether the terminal runs or not."""
