"""Judgement of a catalogue version: golden queries, metrics, vector checks and the gate."""
