"""Check-ins: who was there in person, by codes that change and by lists that an organiser signed."""
