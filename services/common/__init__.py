"""What every FastAPI service needs and none owns.

A thing used by one service lives in that service.
"""
