"""The SQL of questions and answers."""
