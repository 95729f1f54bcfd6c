"""Documents that another authority issued (certificates, permits): verified, authorised, printed once."""
