"""Pictures by link: asked for politely, from public addresses only, each once."""
