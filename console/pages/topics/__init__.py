"""What a member is interested in and knows, by topic, with the messages that it is known from."""
