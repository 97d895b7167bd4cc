"""One run, or two, as a self-contained HTML file: made of what the files of the run say."""
