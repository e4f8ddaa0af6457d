"""What one organisation knows of itself: recognizers without code, code names, its records, its documents."""
