"""What is done with sends: made and decided by people, carried out in pieces, claimed."""
