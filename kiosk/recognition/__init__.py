"""What stands behind the ways that need somebody outside: SMS codes, e-IDs on phones, clerks who look."""
