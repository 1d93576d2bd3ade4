"""Live changes as a service: the pipeline's own functions behind HTTP, for the gateway."""
