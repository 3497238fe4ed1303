"""Campaigns spend on claims, and are stopped and let go on."""
