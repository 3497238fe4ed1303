"""Read models built only from topics: participation, points, lineage."""
