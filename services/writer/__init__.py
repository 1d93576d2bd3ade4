"""The writer: changes single products while the catalogue is served."""
