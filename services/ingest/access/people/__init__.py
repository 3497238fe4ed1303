"""People of the installation, and what each is in a community."""
