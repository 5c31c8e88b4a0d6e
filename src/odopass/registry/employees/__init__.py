"""The registry's employees: who they are, how they log in, what they may do (R7)."""
