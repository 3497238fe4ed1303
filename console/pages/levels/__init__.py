"""Where a member is on levels and streaks, and what somebody fixes of that by hand."""
