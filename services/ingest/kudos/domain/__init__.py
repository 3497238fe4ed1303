"""What one may give, and what commands of chats say."""
