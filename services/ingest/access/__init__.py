"""Access keys: issuing, listing and revoking them, and telling every service."""
