"""Who answers and thanks whom, and who nobody turns to."""
