"""Which examples are bought with which label, by which method, and what that costs."""
