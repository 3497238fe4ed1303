"""The SQL of acts, ties, looks, links and cases."""
