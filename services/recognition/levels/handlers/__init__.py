"""Which levels members have is looked at where something changed, when time passes, and by hand."""
