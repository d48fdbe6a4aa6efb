"""Where clients are: geo codes and centroids, address ranges, geo databases."""
