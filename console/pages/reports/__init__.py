"""Reports to print and to take along: a member's statement of a year, and a month's end."""
