"""What a draft would have given for one event, rule by rule, beside what the event earned in force."""
