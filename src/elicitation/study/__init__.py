"""What is asked: a study's settings, their checks, and all that follows from them."""
