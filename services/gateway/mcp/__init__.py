"""The Model Context Protocol (MCP): the catalogue as tools of an agent."""
