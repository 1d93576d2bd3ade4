"""Loading: from the feature store to a catalogue in memory, checked and kept current."""
