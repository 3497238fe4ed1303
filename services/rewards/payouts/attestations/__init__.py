"""What is on file of who is paid: a tax form, and that somebody is old enough, as a person of finance attests."""
