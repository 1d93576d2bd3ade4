"""Parts that every FastAPI service needs and no service owns.

A thing used by one service lives in that service.
"""
