"""The figures: one module each. Functions take tables and return a matplotlib figure; `style` holds what they share."""
