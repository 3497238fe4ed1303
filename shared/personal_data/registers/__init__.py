"""The registers of the services, a file each."""
