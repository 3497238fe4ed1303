"""What a rate is, what policies of rates say, and what files of central banks hold."""
