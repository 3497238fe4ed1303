"""Routes of what points are worth: policies, liability and breakage, days that were taken, and how it moved."""
