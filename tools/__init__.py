"""What `make` calls: setting up, testing, packaging and checking this repository. Standard library only."""
