"""Exports of platforms: recognised, cut into records, and made the deliveries that the platform would have sent."""
