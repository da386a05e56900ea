"""`churon eval make`: questions about the user's own documents, proposed, checked, reviewed."""
