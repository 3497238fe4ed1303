"""The thinking of quality: which events judge content, what a judgement weighs, and whose counts."""
