"""How the project is put where people use it. Nothing here runs where it serves."""
