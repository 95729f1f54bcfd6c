"""The staff menu: who may open it (pin, lockout, door) and what it does (answers, desk)."""
