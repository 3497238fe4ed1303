"""What the approver of a run looks at: what it pays, whose hands are in it, and what changed since the last."""
