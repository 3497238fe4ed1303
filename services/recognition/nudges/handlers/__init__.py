"""What may lead to a nudge is noted as it comes, and decided once it is due."""
