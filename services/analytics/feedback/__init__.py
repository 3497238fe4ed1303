"""What surveys say: NPS, CSAT and CES with their intervals, answers and how many answer."""
