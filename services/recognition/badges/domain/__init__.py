"""What badges ask for and who holds them, numbers of limited ones, and their pictures: values and rules."""
