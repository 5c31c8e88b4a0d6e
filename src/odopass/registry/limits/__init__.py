"""How many requests each garage may make, so that none takes the registry from the others."""
