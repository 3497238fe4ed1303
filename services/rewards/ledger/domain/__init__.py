"""The arithmetic of points and money: pure functions over integers; times and ids are arguments."""
