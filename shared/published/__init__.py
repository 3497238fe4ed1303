"""What is published of the contracts: schemas/ and the catalogue of events, and whether they stay compatible."""
