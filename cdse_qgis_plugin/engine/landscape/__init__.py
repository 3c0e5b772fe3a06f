"""The landscape that the project generates itself: offline demo data with known labels."""
