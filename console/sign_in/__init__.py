"""Signing in: sessions on the server, and the ways to one."""
