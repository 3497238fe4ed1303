"""Connections, deliveries, and what a delivery becomes."""
