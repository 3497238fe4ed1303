"""What a mail offers somebody, who may be no member yet."""
