"""What points that are not used yet are worth in the books: policies, liability and breakage, and how it moved."""
