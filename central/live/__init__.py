"""The centre's side of the live channel: what terminals ask while a resident waits."""
