"""Where texts and gold labels come from, and how a prompt shows them."""
