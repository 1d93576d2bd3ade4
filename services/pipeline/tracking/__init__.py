"""What ran, on what data, and what came of it, in MLflow."""
