"""What facts and timers change on boards: points, who is shown, which there are, and results."""
