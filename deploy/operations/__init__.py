"""What brings the project to where it is served: checked, sent, tried out, taken back."""
