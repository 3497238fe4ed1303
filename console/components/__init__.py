"""Parts of pages: macros, charts, pictures of lineage, and how figures are written."""
