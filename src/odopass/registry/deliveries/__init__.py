"""Files of vehicles and readings by the million: read, checked line by line, and taken in once whatever happens."""
