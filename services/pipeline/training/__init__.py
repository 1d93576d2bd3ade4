"""Learning from judged queries: fusion weights, and the calibration of scores."""
