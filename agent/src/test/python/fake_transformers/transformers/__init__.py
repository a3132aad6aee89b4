"""A Trainer with the real one's names, signatures and order of calls, that trains a sum."""
