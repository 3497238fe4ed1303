"""Giving kudos: by page and API, and by commands of chats, within what the programme allows."""
