"""From zone YAML and master files to the model, with every mistake placed."""
