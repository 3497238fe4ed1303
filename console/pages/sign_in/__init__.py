"""The pages that sign in and out."""
