"""Electronic identities that a resident shows on a phone: signed, short-lived, checked without the network."""
