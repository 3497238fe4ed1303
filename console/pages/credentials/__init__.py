"""Badges that are taken away: who issues them, and a page where anybody verifies one."""
