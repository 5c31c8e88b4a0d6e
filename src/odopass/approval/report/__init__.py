"""What comes out of a run: pages, documents and files for machines, signed."""
