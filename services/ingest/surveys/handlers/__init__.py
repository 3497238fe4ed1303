"""Asking, answering, and counting together what is anonymous."""
