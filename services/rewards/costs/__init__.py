"""What cards cost at their providers: booked in money once one is delivered, and back once it is taken back."""
