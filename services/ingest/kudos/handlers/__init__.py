"""Kudos are given and taken back."""
