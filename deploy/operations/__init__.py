"""Commands that check, deploy, test and roll back."""
