"""What members write, read and answer about: by topic, with the messages that it is known from."""
