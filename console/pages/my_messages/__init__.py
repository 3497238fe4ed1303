"""A member's messages: where they are reached, what they want to hear of, and the pages behind links in mail."""
