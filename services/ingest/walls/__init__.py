"""The wall: who thanked whom, in which words, and what of it others see."""
