"""What a community is, which of its colours can be read, and which logos are taken."""
