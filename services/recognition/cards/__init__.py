"""Cards of members who want one: what anybody may show of them on a page or a profile."""
