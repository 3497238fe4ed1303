"""The arithmetic of lots: pure functions over integers; times and ids are arguments."""
