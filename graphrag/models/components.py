"""Pipeline parts of our own that spaCy does not bring; importing this module registers them."""
