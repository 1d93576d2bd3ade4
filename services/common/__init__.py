"""Parts that several services need and none owns.

A thing used by one service lives in that service.
"""
