"""What members write and read about, and which questions they answer: by topic, with the messages it is known from."""
