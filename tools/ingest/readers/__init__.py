"""One reader a format: a path becomes the text, headings and pages of `Extracted`."""
