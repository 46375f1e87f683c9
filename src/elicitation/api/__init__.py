"""Students behind an OpenAI-compatible finetuning API: what they are shown, what is bought of them, what it costs."""
