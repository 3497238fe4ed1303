"""What a member has to do with the guidelines: accept, report, appeal."""
