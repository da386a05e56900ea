"""What `churon doctor` looks at, one file a subject. A check returns findings and may raise."""
