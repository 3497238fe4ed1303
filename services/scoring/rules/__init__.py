"""Rules: which of a programme's rules an event meets, and why the others gave nothing."""
