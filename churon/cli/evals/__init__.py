"""`churon eval`: questions made, asked, shown."""
