"""What was reported, for who moderates: the queue, a case, who is suspended."""
