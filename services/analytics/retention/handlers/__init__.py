"""Who changed is noted, and counted by a timer: in the whole, and in slices."""
