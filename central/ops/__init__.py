"""The operations pages: server-rendered, without scripts, Chinese first."""
