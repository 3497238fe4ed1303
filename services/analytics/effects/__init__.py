"""What campaigns bring about: members who could get something from one beside those who were held out."""
